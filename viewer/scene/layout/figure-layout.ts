import type { Box, DisplayGraph, Route } from '../scene.js';
import { END_STEP, routeEdges } from './figure-routes.js';
import { rowLayout, type RowLayout } from './figure-rows.js';
import type { Places } from './grid-layout.js';

/** Most edges of a figure. One with more takes seconds and cannot be read. */
export const FIGURE_EDGES = 400;

const BOX_HEIGHT = 24;
const MARGIN = 14;

interface Figure {
  readonly routes: ReadonlyMap<string, Route>;
  readonly bounds: Box;
}

/**
 * Lays out boxes in rows. Every edge leads upwards from its writer. Crossings are few. Routes are smooth and go around
 * the boxes. A layout unit is a pixel when the labels are 12 pixels high.
 */
export function layOutFigure(graph: DisplayGraph, moved: Places): Figure {
  graph.updateEachNodeAttributes((id, node) => {
    const ends = Math.max(graph.inDegree(id), graph.outDegree(id));
    const box = [Math.max(textWidth(node.label), END_STEP * ends), BOX_HEIGHT] as const;
    return { ...node, box, size: BOX_HEIGHT / 2 };
  });
  const { places, bends } = rowsOf(graph);
  graph.updateEachNodeAttributes((id, node) => {
    const [x, y] = moved.get(id) ?? places.get(id) ?? [0, 0];
    return { ...node, x, y };
  });
  // Bends lead to the old place of a dragged box. Its edges go straight instead.
  const bendsOf = (edge: string) =>
    graph.extremities(edge).some((end) => moved.has(end)) ? [] : (bends.get(edge) ?? []);
  const routes = routeEdges(graph, bendsOf);
  return { routes, bounds: boundsOf(graph, routes) };
}

function textWidth(label: string): number {
  return Math.min(160, Math.max(40, Math.round(7.2 * label.length + 18)));
}

/** The last layouts. Hover, themes and searches ask for the same layout again. */
const layouts = new Map<string, RowLayout>();
const REMEMBERED = 16;

function rowsOf(graph: DisplayGraph): RowLayout {
  const key = JSON.stringify([
    graph.mapNodes((id, { box }) => [id, box?.[0]]),
    graph.mapEdges((id, _, source, target) => [id, source, target]),
  ]);
  const known = layouts.get(key);
  if (known) return known;
  const computed = rowLayout(graph);
  if (layouts.size >= REMEMBERED) layouts.delete(layouts.keys().next().value!);
  layouts.set(key, computed);
  return computed;
}

function boundsOf(graph: DisplayGraph, routes: ReadonlyMap<string, Route>): Box {
  if (graph.order === 0) return { left: -1, right: 1, bottom: -1, top: 1 };
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  const include = (x: number, y: number, dx: number, dy: number) => {
    left = Math.min(left, x - dx);
    right = Math.max(right, x + dx);
    bottom = Math.min(bottom, y - dy);
    top = Math.max(top, y + dy);
  };
  graph.forEachNode((_, { x, y, box }) => include(x, y, box![0] / 2, box![1] / 2));
  for (const { points } of routes.values()) for (const [x, y] of points) include(x, y, 0, 0);
  return { left: left - MARGIN, right: right + MARGIN, bottom: bottom - MARGIN, top: top + MARGIN };
}
