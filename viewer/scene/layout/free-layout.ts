import type { DisplayGraph } from '../display-graph.js';
import type { Box } from '../scene.js';
import type { Grid, Places } from './grid-layout.js';
import { sizeNodes } from './node-size.js';

/**
 * Places nodes where the force layout put them. Until the force layout has answered, nodes stand on the grid. A node
 * that the force layout did not have stands at the mean place of its neighbours.
 *
 * @returns the box around all nodes, with room for labels.
 */
export function placeFree(
  graph: DisplayGraph,
  grid: Grid,
  force: Readonly<Record<string, readonly [number, number]>> | null,
  moved: Places,
): Box {
  const known = new Map(force ? Object.entries(force) : grid.places);
  const middle = mean([...known.values()]) ?? [0, 0];
  const placeOf = (id: string) =>
    moved.get(id) ??
    known.get(id) ??
    mean(graph.neighbors(id).map((other) => moved.get(other) ?? known.get(other))) ??
    middle;
  graph.updateEachNodeAttributes((id, node) => {
    const [x, y] = placeOf(id);
    return { ...node, x, y };
  });

  const xs = graph.mapNodes((_, node) => node.x);
  const ys = graph.mapNodes((_, node) => node.y);
  const [left, right] = [Math.min(...xs, Infinity), Math.max(...xs, -Infinity)];
  const [bottom, top] = [Math.min(...ys, Infinity), Math.max(...ys, -Infinity)];
  if (graph.order === 0) return { left: -1, right: 1, bottom: -1, top: 1 };
  const extent = Math.max(right - left, top - bottom) || 1;
  sizeNodes(graph, Math.min(0.03 * extent, (0.2 * extent) / Math.sqrt(graph.order)));
  const margin = 0.06 * extent;
  return { left: left - margin, right: right + 1.5 * margin, bottom: bottom - margin, top: top + margin };
}

type Place = readonly [number, number];

/** Mean of the known places. Null when none is known. */
function mean(places: readonly (Place | undefined)[]): Place | null {
  const known = places.filter((place) => place !== undefined);
  if (known.length === 0) return null;
  const sum = (axis: 0 | 1) => known.reduce((total, place) => total + place[axis], 0) / known.length;
  return [sum(0), sum(1)];
}
