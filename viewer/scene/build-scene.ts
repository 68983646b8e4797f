import type { CircuitData } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';
import type { Selection } from '../view/selection.js';
import type { ViewState } from '../view/view-state.js';
import { buildDisplay, type Found } from './display-graph.js';
import { bendEdges } from './layout/curvature.js';
import { FIGURE_EDGES, layOutFigure } from './layout/figure-layout.js';
import { placeFree } from './layout/free-layout.js';
import { gridOf, layOutGrid, type Places } from './layout/grid-layout.js';
import { loopRoutes } from './layout/routes.js';
import type { Scene } from './scene.js';

export interface SceneOptions {
  /** Width / height of the surface. */
  readonly aspect: number;
  /** Places by display node, as the force layout found them. Null until it has. */
  readonly force: Readonly<Record<string, readonly [number, number]>> | null;
  readonly found: Found;
}

/** The scene of the selected edges. The same arguments give the same scene. */
export function buildScene(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  const graph = buildDisplay(data, selection, view, view.layout, options.found);
  const moved = movedPlaces(view, view.layout);
  if (view.layout === 'figure') {
    if (graph.size <= FIGURE_EDGES) {
      return { layout: 'figure', graph, bands: [], columns: [], ...layOutFigure(graph, moved) };
    }
    const notice = `The figure shows up to ${FIGURE_EDGES} edges. Here are ${graph.size}: the grid is shown instead.`;
    return { ...buildScene(data, selection, { ...view, layout: 'grid' }, options), notice };
  }
  const grid = gridOf(data, options.aspect);
  if (view.layout === 'force') {
    const bounds = placeFree(graph, grid, options.force, moved);
    bendEdges(graph, bounds, 0);
    return { layout: 'force', graph, bands: [], columns: [], routes: loopRoutes(graph), bounds };
  }
  layOutGrid(graph, grid, moved);
  const { bands, columns, bounds } = grid;
  bendEdges(graph, bounds, columns[1] ? columns[1].x - columns[0]!.x : 1);
  return { layout: 'grid', graph, bands, columns, routes: loopRoutes(graph), bounds: around(graph, bounds) };
}

/** Widens the bounds to nodes that were dragged out of them. */
function around(graph: Scene['graph'], bounds: Scene['bounds']): Scene['bounds'] {
  let { left, right, bottom, top } = bounds;
  graph.forEachNode((_, { x, y, size }) => {
    left = Math.min(left, x - size);
    right = Math.max(right, x + size);
    bottom = Math.min(bottom, y - size);
    top = Math.max(top, y + size);
  });
  return { left, right, bottom, top };
}

/** Places that the reader chose. A place from a file or a URL may be none: it is left out. */
function movedPlaces(view: ViewState, layout: LayoutName): Places {
  return new Map(
    Object.entries(view.positions[layout] ?? {}).filter(
      ([, place]) => place.length === 2 && place.every(Number.isFinite),
    ),
  );
}
