import type { DisplayGraph } from '../scene.js';

/**
 * Sets the radius of every node. The strength of a node is the sum of |effect| over its edges and the edges of its
 * ports. The radius grows with the root of the strength, so that areas are comparable. Nodes without edges are dots.
 *
 * @param most radius of the strongest node.
 */
export function sizeNodes(graph: DisplayGraph, most: number): void {
  const through = new Map<string, number>();
  const add = (node: string, strength: number) => through.set(node, (through.get(node) ?? 0) + strength);
  graph.forEachEdge((_, { strength }, source, target, from, to) => {
    add(from.parent ?? source, strength);
    if (target !== source) add(to.parent ?? target, strength);
  });
  const largest = Math.max(0, ...through.values()) || 1;
  graph.updateEachNodeAttributes((id, node) => ({
    ...node,
    size: most * (node.connected || node.pinned ? 0.42 + 0.58 * Math.sqrt((through.get(id) ?? 0) / largest) : 0.15),
  }));
}
