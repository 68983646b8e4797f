import type { DisplayGraph } from '../scene.js';

/**
 * The display nodes and display edges that are lit up. All others fade. The widths of the lit edges are relative to the
 * strongest of them.
 */
export interface Focus {
  readonly nodes: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

/**
 * What lights up with a display node or a display edge. An edge lights up its ends. A node lights up its edges, the
 * edges of its ports, and the nodes at their other ends. Empty when the graph has no such node or edge.
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
