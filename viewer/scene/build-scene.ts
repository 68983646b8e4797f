import type { CircuitDetails } from '../../src/circuit/details.js';
import type { CircuitData } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';
import type { Selection } from '../view/selection.js';
import type { ViewState } from '../view/view-state.js';
import { buildDisplay } from './build-display.js';
import type { Marked } from './display-edges.js';
import { Extent } from './layout/extent.js';
import { clearBends } from './layout/clear-bends.js';
import { bendEdges } from './layout/curvature.js';
import { FIGURE_EDGES, layOutFigure, planAtOnce, type Planner } from './layout/figure-layout.js';
import { placeFree } from './layout/free-layout.js';
import { gridOf, layOutGrid, type Places } from './layout/grid-layout.js';
import { loopRoutes } from './layout/routes.js';
import { ownPlaces, placesOnPrompt, type TokenPlaces } from './layout/token-places.js';
import { layOutTokens } from './layout/tokens-layout.js';
import { wholeOf } from './whole-figure.js';
import type { Scene } from './scene.js';

export interface SceneOptions extends Marked {
  /** Width / height of the surface. */
  readonly aspect: number;
  /** Places by display node, as the force layout found them. Null until it has. */
  readonly force: Readonly<Record<string, readonly [number, number]>> | null;
  /** What was measured of the nodes on the prompts. Null where nothing was. */
  readonly details: CircuitDetails | null;
  /** The circuit that a replay leads to. Null = it is the one that is drawn. */
  readonly end: CircuitData | null;
  /** Plans figures. Default: at once. */
  readonly planner?: Planner;
}

/** The scene of the selected edges. The same arguments give the same scene, if the planner gives the same plans. */
export function buildScene(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  switch (view.layout) {
    case 'figure':
      return figure(data, selection, view, options);
    case 'tokens':
      return tokens(data, selection, view, options);
    case 'force':
      return free(data, selection, view, options);
    default:
      return grid(data, selection, view, options);
  }
}

/** Most edges of an attribution graph that are drawn. */
const GRAPH_EDGES = 2000;

const NO_TOKENS = { tokens: [], reads: [] } as const;

/**
 * The nodes at the tokens of a prompt. Where nobody knows at which, the grid is shown instead. A mean over prompts has
 * no tokens: the first prompt stands for it.
 */
function tokens(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  const { details } = options;
  const own = ownPlaces(data);
  if (own) return tokensOfGraph(data, selection, view, own, options);
  const at = details && placesOnPrompt(details, view.prompt ?? 0);
  const count = selection.edges.length;
  if (!at || count > FIGURE_EDGES) {
    const notice = at
      ? `The tokens layout shows up to ${FIGURE_EDGES} edges. Here are ${count}: the grid is shown instead.`
      : 'It was not measured at which tokens these nodes write: the grid is shown instead. The command inspect measures it.';
    return { ...grid(data, selection, view, options), notice };
  }
  const graph = buildDisplay(data, selection, view, 'tokens', options);
  const drawn = layOutTokens(graph, at, movedPlaces(view, 'tokens'));
  const isFirst = details !== null && view.prompt === null && details.prompts.length > 1;
  const notice = isFirst ? { notice: 'These are the tokens of prompt 1. A mean over prompts has none.' } : {};
  return { layout: 'tokens', boxed: true, graph, columns: [], ...drawn, ...notice };
}

/** An attribution graph. Its strongest edges are drawn, as many as can be. */
function tokensOfGraph(
  data: CircuitData,
  selection: Selection,
  view: ViewState,
  at: TokenPlaces,
  options: SceneOptions,
): Scene {
  const edges = selection.edges.slice(0, GRAPH_EDGES);
  const left = selection.edges.length - edges.length;
  const nodes = left > 0 ? new Set(edges.flatMap(({ source, target }) => [source, target])) : selection.nodes;
  const graph = buildDisplay(data, { ...selection, edges, nodes }, view, 'tokens', options);
  const drawn = layOutTokens(graph, at, movedPlaces(view, 'tokens'));
  const notice = left > 0 ? { notice: `The ${GRAPH_EDGES} strongest edges are drawn, and ${left} are not.` } : {};
  return { layout: 'tokens', boxed: true, graph, columns: [], ...drawn, ...notice };
}

function grid(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  const own = ownPlaces(data);
  // Nodes with places of their own are in no column of heads.
  if (own) return tokensOfGraph(data, selection, view, own, options);
  const graph = buildDisplay(data, selection, view, 'grid', options);
  const layout = gridOf(data, options.aspect);
  layOutGrid(graph, layout, movedPlaces(view, 'grid'));
  const { bands, columns, bounds } = layout;
  bendEdges(graph, bounds, columns[1] ? columns[1].x - columns[0]!.x : 1);
  clearBends(graph, layout.pitch);
  const routes = loopRoutes(graph);
  return { ...NO_TOKENS, layout: 'grid', boxed: false, graph, bands, columns, routes, bounds: around(graph, bounds) };
}

function free(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  const graph = buildDisplay(data, selection, view, 'force', options);
  const bounds = placeFree(graph, gridOf(data, options.aspect), options.force, movedPlaces(view, 'force'));
  bendEdges(graph, bounds, 0);
  const routes = loopRoutes(graph);
  return { ...NO_TOKENS, layout: 'force', boxed: false, graph, bands: [], columns: [], routes, bounds };
}

/** In a replay the boxes of the circuit that it leads to are there from the start, and edges come as they are kept. */
function figure(data: CircuitData, selection: Selection, view: ViewState, options: SceneOptions): Scene {
  const decided = selection.edges.filter((edge) => !edge.pending);
  if (decided.length > FIGURE_EDGES) {
    const notice = `The figure shows up to ${FIGURE_EDGES} edges. Here are ${decided.length}: the grid is shown instead.`;
    return { ...grid(data, selection, view, options), notice };
  }
  const edges = wholeOf(options.end ?? data, decided, selection.by, view);
  const nodes = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const nothing = { found: null, deciding: null };
  const whole = buildDisplay(options.end ?? data, { edges, nodes, ranked: true }, view, 'figure', nothing);
  const shown = { ...selection, edges: decided, nodes: options.end ? nodes : selection.nodes };
  const graph = buildDisplay(data, shown, view, 'figure', options);
  const drawn = layOutFigure(graph, whole, movedPlaces(view, 'figure'), options.planner ?? planAtOnce);
  const pending = selection.edges.length - decided.length;
  const notice = pending > 0 ? { notice: `${pending} edges are not decided on yet. The figure leaves them out.` } : {};
  return { ...NO_TOKENS, layout: 'figure', boxed: true, graph, columns: [], ...drawn, ...notice };
}

/** Widens the bounds to nodes that were dragged out of them. */
function around(graph: Scene['graph'], bounds: Scene['bounds']): Scene['bounds'] {
  const extent = new Extent(bounds);
  graph.forEachNode((_, { x, y, size }) => extent.include([x, y], size, size));
  return extent.box;
}

/** Places that the reader chose. A place from a file or a URL may be none: it is left out. */
function movedPlaces(view: ViewState, layout: LayoutName): Places {
  return new Map(
    Object.entries(view.positions[layout] ?? {}).filter(
      ([, place]) => place.length === 2 && place.every(Number.isFinite),
    ),
  );
}
