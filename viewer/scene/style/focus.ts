import type { DisplayGraph } from '../scene.js';

/** What the pointer or the keyboard is on; everything else fades and strengths are taken relative to what is incident. */
export interface Focus {
  /** Display nodes and display edges. */
  readonly nodes: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

/**
 * What lights up with a node: its edges and those of its ports, and the nodes at their other ends. With an edge: its ends.
 * Empty where the graph has no such node or edge.
 */
export function focusOn(graph: DisplayGraph, id: string): Focus {
  const nodes = new Set<string>();
  const edges = new Set<string>();
  const light = (node: string) => {
    nodes.add(node);
    const parent = graph.getNodeAttribute(node, 'parent');
    if (parent !== null) nodes.add(parent);
  };
  const lightEdge = (edge: string) => {
    edges.add(edge);
    light(graph.source(edge));
    light(graph.target(edge));
  };
  if (graph.hasNode(id)) {
    light(id);
    graph.forEachEdge(id, lightEdge);
    graph.forEachNode((port, node) => {
      if (node.parent !== id) return;
      light(port);
      graph.forEachEdge(port, lightEdge);
    });
  } else if (graph.hasEdge(id)) lightEdge(id);
  return { nodes, edges };
}
