import type { DisplayGraph } from '../display-graph.js';
import type { Band, Box, Route } from '../scene.js';
import { boxShape, landing, type BoxShape } from './boxes.js';
import { Extent } from './extent.js';
import type { FigureInput } from './figure-chains.js';
import { planFigure, type FigurePlan } from './figure-plan.js';
import { rowsByLevel } from './figure-ranks.js';
import { routeEdges } from './figure-routes.js';
import type { Places } from './grid-layout.js';
import { loopRoom } from './routes.js';

/** Most edges of a figure. One with more cannot be read. */
export const FIGURE_EDGES = 400;

const MARGIN = 14;
/** Half of the height of a band that is the first or the last. */
const ALONE = 30;
/** Room for the names of the layers, at the left. */
const NAMES = 34;

/** Gives the plan of a figure: at once, or a rough one until a better one is there. */
export type Planner = (input: FigureInput) => FigurePlan;

interface Figure {
  readonly bands: readonly Band[];
  readonly routes: ReadonlyMap<string, Route>;
  readonly bounds: Box;
}

/**
 * Lays out boxes in rows, one or more for each layer. Every edge leads upwards from its writer. Crossings are few.
 * Routes are smooth and go around the boxes. A layout unit is a pixel when the labels are 12 pixels high.
 *
 * @param whole the graph that the places follow from. It has every node and every edge of `graph`. So a figure of fewer
 * edges moves no box.
 */
export function layOutFigure(graph: DisplayGraph, whole: DisplayGraph, moved: Places, planner: Planner): Figure {
  const rows = rowsByLevel(whole);
  const shapes = shapesIn(whole, rows);
  const plan = planner(inputOf(whole, rows, shapes));
  const beside = unplanned(graph, whole, plan);
  graph.updateEachNodeAttributes((id, node) => {
    const [x, y] = moved.get(id) ?? plan.places.get(id) ?? beside.get(id)!;
    const { box, tabs } = shapes.get(id) ?? boxShape(graph, id);
    return { ...node, box, tabs, size: box[1] / 2, x, y };
  });
  // Bends lead to the old place of a dragged box. Its edges go straight instead.
  const bendsOf = (edge: string) =>
    graph.extremities(edge).some((end) => moved.has(end)) ? [] : (plan.bends.get(keyOf(graph, edge)) ?? []);
  const routes = routeEdges(graph, bendsOf);
  const bands = bandsOf(whole, rows, plan.heights);
  return { routes, bands, bounds: boundsOf(graph, routes, whole.order > 0 ? plan.bounds : undefined, bands) };
}

/**
 * Places of nodes that the whole does not have, such as the ends of an edge that a replay has just removed: at the
 * right of the rest, at the height of the nodes of the nearest level.
 */
function unplanned(graph: DisplayGraph, whole: DisplayGraph, { places, bounds }: FigurePlan): Places {
  const levels = whole.mapNodes((id, { level }) => ({ level, y: places.get(id)![1] }));
  const missing = graph.filterNodes((id) => !whole.hasNode(id));
  return new Map(
    missing.map((id, i) => {
      const level = graph.getNodeAttribute(id, 'level');
      const off = (other: { level: number }) => Math.abs(other.level - level);
      const nearest = levels.reduce((best, other) => (off(other) < off(best) ? other : best), {
        level: Infinity,
        y: 0,
      });
      return [id, [Math.max(0, bounds.right) + 60 * (i + 1), nearest.y + 0.5 * i] as const];
    }),
  );
}

/** The boxes of a row are equally high, so that an edge that leaves one cuts no other. */
function shapesIn(graph: DisplayGraph, rows: ReadonlyMap<string, number>): Map<string, BoxShape> {
  const shapes = new Map(graph.mapNodes((id) => [id, boxShape(graph, id)]));
  const heights = new Map<number, number>();
  for (const [id, { box }] of shapes) {
    const row = rows.get(id)!;
    heights.set(row, Math.max(heights.get(row) ?? 0, box[1]));
  }
  return new Map([...shapes].map(([id, { box, tabs }]) => [id, { box: [box[0], heights.get(rows.get(id)!)!], tabs }]));
}

function inputOf(
  graph: DisplayGraph,
  rows: ReadonlyMap<string, number>,
  shapes: ReadonlyMap<string, BoxShape>,
): FigureInput {
  const nodes = graph.nodes();
  const index = new Map(nodes.map((id, i) => [id, i]));
  const edges = graph.mapEdges((id, { tab }, source, target) => {
    const shape = shapes.get(target)!;
    const lean = (0.8 * landing(shape, tab)[0]) / shape.box[0];
    return { key: keyOf(graph, id), source: index.get(source)!, target: index.get(target)!, lean };
  });
  return {
    nodes: nodes.map((id) => {
      const [width, height] = shapes.get(id)!.box;
      return { id, width: width + 2 * loopRoom(graph, id), height, row: rows.get(id)! };
    }),
    edges: edges.filter(({ source, target }) => source !== target),
  };
}

/** What an edge is in every figure: its first member may be another one where fewer edges are shown. */
function keyOf(graph: DisplayGraph, edge: string): string {
  return JSON.stringify([...graph.extremities(edge), graph.getEdgeAttribute(edge, 'tab')]);
}

/** The last plans. Hover, themes and searches ask for the same plan again. */
const plans = new Map<string, FigurePlan>();
const REMEMBERED = 16;

/** Plans at once. */
export const planAtOnce: Planner = (input) => {
  const key = JSON.stringify(input);
  const plan = plans.get(key) ?? planFigure(input);
  plans.delete(key);
  plans.set(key, plan);
  if (plans.size > REMEMBERED) plans.delete(plans.keys().next().value!);
  return plan;
};

/** The layers, with the rows that they have. Nodes without a layer are in none. */
function bandsOf(graph: DisplayGraph, rows: ReadonlyMap<string, number>, heights: readonly number[]): Band[] {
  const layers = new Map<number, { first: number; last: number }>();
  graph.forEachNode((id, { layer }) => {
    if (layer === null) return;
    const row = rows.get(id)!;
    const known = layers.get(layer) ?? { first: row, last: row };
    layers.set(layer, { first: Math.min(known.first, row), last: Math.max(known.last, row) });
  });
  // A band ends half way to the row of the next layer.
  const between = (low: number, high: number) => {
    const [a, b] = [heights[low], heights[high]];
    return a === undefined || b === undefined ? undefined : (a + b) / 2;
  };
  return [...layers]
    .sort(([a], [b]) => a - b)
    .map(([layer, { first, last }]) => ({
      label: `L${layer}`,
      layer,
      bottom: between(first - 1, first) ?? heights[first]! - ALONE,
      top: between(last, last + 1) ?? heights[last]! + ALONE,
      tinted: layer % 2 === 1,
    }));
}

function boundsOf(
  graph: DisplayGraph,
  routes: ReadonlyMap<string, Route>,
  planned: Box | undefined,
  bands: readonly Band[],
): Box {
  if (graph.order === 0 && !planned) return { left: -1, right: 1, bottom: -1, top: 1 };
  const extent = new Extent(planned);
  graph.forEachNode((_, { x, y, box }) => extent.include([x, y], box![0] / 2, box![1] / 2));
  for (const { points } of routes.values()) for (const point of points) extent.include(point);
  const { left, right, bottom, top } = extent.box;
  const names = bands.length > 0 ? NAMES : 0;
  return { left: left - MARGIN - names, right: right + MARGIN, bottom: bottom - MARGIN, top: top + MARGIN };
}
