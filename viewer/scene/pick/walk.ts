import type { DisplayGraph, DisplayNode } from '../display-graph.js';

/**
 * The node that an arrow key leads to. Left and right go along a row. Up and down go to the nearest node of the next
 * row that has nodes. Rows are those of the figure; in the other layouts they are layers. Only connected nodes are
 * visited. A walk from a port starts at its head.
 *
 * @returns null when no node lies in that direction, or when the graph has no node `from`.
 */
export function walk(graph: DisplayGraph, from: string, direction: 'up' | 'down' | 'left' | 'right'): string | null {
  if (!graph.hasNode(from)) return null;
  const start = graph.getNodeAttribute(from, 'parent') ?? from;
  const here = graph.getNodeAttributes(start);
  const row = rowOf(here);
  const sign = direction === 'up' || direction === 'right' ? 1 : -1;
  const sideways = direction === 'left' || direction === 'right';

  let best: string | null = null;
  let least: readonly [number, number] = [Infinity, Infinity];
  graph.forEachNode((id, node) => {
    if (id === start || !node.connected || node.kind === 'port') return;
    const rows = sign * (rowOf(node) - row);
    const ahead = sideways ? sign * (node.x - here.x) : rows;
    if (ahead <= 1e-6 || (sideways && Math.abs(rows) > 1e-6)) return;
    const distance = [ahead, Math.abs(node.x - here.x)] as const;
    if (distance[0] < least[0] - 1e-6 || (distance[0] < least[0] + 1e-6 && distance[1] < least[1])) {
      least = distance;
      best = id;
    }
  });
  return best;
}

function rowOf(node: DisplayNode): number {
  if (node.box) return node.y;
  return node.layer ?? (node.kind === 'input' ? -1 : Number.MAX_SAFE_INTEGER);
}
