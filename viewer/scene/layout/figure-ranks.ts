import type { DisplayGraph } from '../display-graph.js';

/**
 * Row of each node, from the bottom. Nodes of the same level share a row, so that every node stands in the row of its
 * own layer. Nodes of a level that an edge joins, as it may join groups, stand in rows of their own, one above the
 * other.
 */
export function rowsByLevel(graph: DisplayGraph): Map<string, number> {
  const heights = new Map<string, number>();
  const nodes = graph.nodes().sort((a, b) => levelOf(graph, a) - levelOf(graph, b));
  for (const id of nodes) {
    let height = levelOf(graph, id);
    const joined = new Set(graph.neighbors(id).map((other) => (other === id ? undefined : heights.get(other))));
    while (joined.has(height)) height += 1e-4;
    heights.set(id, height);
  }
  const filled = [...new Set(heights.values())].sort((a, b) => a - b);
  const rows = new Map(filled.map((height, row) => [height, row]));
  return new Map([...heights].map(([id, height]) => [id, rows.get(height)!]));
}

function levelOf(graph: DisplayGraph, id: string): number {
  return graph.getNodeAttribute(id, 'level');
}
