import type { DisplayGraph } from '../display-graph.js';

/**
 * Sets the radius of every node. The strength of a node is the sum of |effect| over its edges and the edges of its
 * ports. The radius grows with the root of the strength, so that areas are comparable. Nodes without edges are dots.
 *
 * @param most radius of the strongest node.
 */
export function sizeNodes(graph: DisplayGraph, most: number): void {
  const through = new Map<string, number>();
  const own = graph.strengths();
  graph.nodes().forEach((id, index) => {
    const owner = graph.getNodeAttribute(id, 'parent') ?? id;
    through.set(owner, (through.get(owner) ?? 0) + own[index]!);
  });
  const largest = Math.max(0, ...through.values()) || 1;
  graph.updateEachNodeAttributes((id, node) => ({
    ...node,
    size: most * (node.connected || node.pinned ? 0.42 + 0.58 * Math.sqrt((through.get(id) ?? 0) / largest) : 0.15),
  }));
}
