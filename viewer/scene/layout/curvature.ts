import type { DisplayGraph } from '../display-graph.js';
import { isFine, type Box } from '../scene.js';

/** Twice the largest height of an arc over its chord, in layout units. */
const MOST_RISE = 1.6;

/**
 * Bends every edge.
 *
 * - An edge along a row rises, and so passes over the nodes of the row. The farther it leads, the steeper it starts: so
 *   edges of one node part soon.
 * - An edge along a column bends towards the middle of the picture, past the nodes between its ends.
 * - Edges between the same ends lie side by side.
 *
 * A haze of edges stays straight.
 */
export function bendEdges(graph: DisplayGraph, bounds: Box, columnStep: number): void {
  if (!isFine({ boxed: false, graph })) return;
  const width = bounds.right - bounds.left;
  const parallels = new Map<string, number>();
  graph.forEachEdge((id, _, source, target, a, b) => {
    if (source === target || a.parent === target) return;
    const pair = JSON.stringify([a.parent ?? source, b.parent ?? target]);
    const nth = parallels.get(pair) ?? 0;
    parallels.set(pair, nth + 1);

    const dx = b.x - a.x;
    const length = Math.hypot(dx, b.y - a.y) || 1;
    const upright = Math.abs(dx) < 0.5 * columnStep;
    const toLeft = (a.x + b.x) / 2 > (bounds.left + bounds.right) / 2;
    const bend = upright
      ? (0.14 + 0.32 / Math.max(1, length)) * (toLeft ? 1 : -1) * (b.y >= a.y ? 1 : -1)
      : Math.min(0.12, MOST_RISE / length) * (0.3 + 0.7 * Math.min(1, Math.abs(dx) / width)) * Math.sign(dx);
    graph.bend(id, bend * (1 + 0.45 * nth));
  });
}
