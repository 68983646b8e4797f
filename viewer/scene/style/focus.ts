import type { DisplayGraph } from '../display-graph.js';

/**
 * The display nodes and display edges that are lit up, and how strongly, 0..1. All others fade. The widths of the lit
 * edges are relative to the strongest of them.
 */
export interface Focus {
  readonly nodes: ReadonlyMap<string, number>;
  readonly edges: ReadonlyMap<string, number>;
}

/** How strongly nodes and edges of the circuit are lit, by name, 0..1. What is not in it fades. */
export interface Strengths {
  readonly nodes: ReadonlyMap<string, number>;
  readonly edges: ReadonlyMap<string, number>;
}

/**
 * What lights up with a display node or a display edge. An edge lights up its ends. A node lights up its edges, the
 * edges of its ports, and the nodes at their other ends. Empty when the graph has no such node or edge.
 */
export function focusOn(graph: DisplayGraph, id: string): Focus {
  const nodes = new Map<string, number>();
  const edges = new Map<string, number>();
  const light = (node: string) => {
    nodes.set(node, 1);
    const parent = graph.getNodeAttribute(node, 'parent');
    if (parent !== null) nodes.set(parent, 1);
  };
  const lightEdge = (edge: string) => {
    edges.set(edge, 1);
    light(graph.source(edge));
    light(graph.target(edge));
  };
  if (graph.hasNode(id)) {
    light(id);
    graph.forEachEdgeOf(id, lightEdge);
    graph.forEachNode((port, node) => {
      if (node.parent !== id) return;
      light(port);
      graph.forEachEdgeOf(port, lightEdge);
    });
  } else if (graph.hasEdge(id)) lightEdge(id);
  return { nodes, edges };
}

/**
 * What lights up where the circuit's nodes and edges are lit by strengths, such as those of the paths through what is
 * selected. A display node or edge is lit as the strongest of those that it stands for. So is a port by its edges.
 */
export function focusAlong(graph: DisplayGraph, strengths: Strengths): Focus {
  const nodes = new Map<string, number>();
  const edges = new Map<string, number>();
  const light = (lit: Map<string, number>, id: string, strength: number) =>
    lit.set(id, Math.max(lit.get(id) ?? 0, Math.min(1, Math.max(0, strength))));
  graph.forEachNode((id, { kind, members }) => {
    if (kind === 'port') return;
    for (const member of members) {
      const strength = strengths.nodes.get(member);
      if (strength !== undefined) light(nodes, id, strength);
    }
  });
  graph.forEachEdge((id, edge, source, target, from, to) => {
    for (const name of edge.edges) {
      const strength = strengths.edges.get(name);
      if (strength === undefined) continue;
      light(edges, id, strength);
      if (from.kind === 'port') light(nodes, source, strength);
      if (to.kind === 'port') light(nodes, target, strength);
    }
  });
  return { nodes, edges };
}
