import type { DisplayGraph } from '../scene.js';

/**
 * Sets the radius of every node. The strength of a node is the sum of |effect| over its edges and the edges of its
 * ports. The radius grows with the root of the strength, so that areas are comparable. Nodes without edges are dots.
 *
 * @param most radius of the strongest node.
 */
export function sizeNodes(graph: DisplayGraph, most: number): void {
  const through = new Map<string, number>();
  const add = (id: string, strength: number) => {
    const node = graph.getNodeAttribute(id, 'parent') ?? id;
    through.set(node, (through.get(node) ?? 0) + strength);
  };
  graph.forEachEdge((_, edge, source, target) => {
    add(source, edge.strength);
    if (target !== source) add(target, edge.strength);
  });
  const largest = Math.max(0, ...through.values()) || 1;
  graph.updateEachNodeAttributes((id, node) => ({
    ...node,
    size: most * (node.connected || node.pinned ? 0.42 + 0.58 * Math.sqrt((through.get(id) ?? 0) / largest) : 0.15),
  }));
}
