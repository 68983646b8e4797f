import type { DisplayGraph } from '../display-graph.js';
import type { Route } from '../scene.js';
import { END_STEP, landing } from './boxes.js';
import { loopRoutes, spline, type Point } from './routes.js';

/** Share of a box's side over which the ends of its edges are spread. */
const SPREAD = 0.86;

export interface RouteOptions {
  /** Makes a path of a polygon. Default: `spline`. */
  readonly smooth?: (points: readonly Point[]) => readonly Point[];
  /** Where an edge leaves its source. Null = where there is room at its side. */
  readonly startOf?: (edge: string) => Point | null;
}

interface End {
  /** `source` or `target`, and the edge. */
  readonly edge: string;
  /** Middle and width of the part of the side that it may end on. */
  readonly part: readonly [number, number];
  readonly towards: Point;
}

/**
 * Smooth routes for the edges of a figure. The ends of edges are spread along the sides of a box, in the order of the
 * places that the edges come from. So edges do not cross at a box.
 */
export function routeEdges(
  graph: DisplayGraph,
  bendsOf: (edge: string) => readonly Point[],
  { smooth = spline, startOf = () => null }: RouteOptions = {},
): Map<string, Route> {
  const sides = new Map<string, End[]>();
  const chains = new Map<string, Point[]>();
  graph.forEachEdge((edge, { tab }, source, target) => {
    if (source === target) return;
    const start = startOf(edge);
    const [from, to] = [start ?? centre(graph, source), centre(graph, target)];
    const chain = [from, ...bendsOf(edge), to];
    chains.set(edge, chain);
    for (const [node, end, towards] of [
      ['source', source, chain[1]!],
      ['target', target, chain.at(-2)!],
    ] as const) {
      if (node === 'source' && start) continue;
      const [x, y] = centre(graph, end);
      const side =
        Math.abs(towards[1] - y) < 1e-9 ? (towards[0] < x ? 'left' : 'right') : towards[1] > y ? 'top' : 'bottom';
      const onTab = node === 'target' && side === 'bottom';
      const port = onTab ? tab : null;
      const key = JSON.stringify([end, side, port]);
      const list = sides.get(key) ?? [];
      sides.set(key, list);
      const { box, tabs } = graph.getNodeAttributes(end);
      const part = onTab ? landing({ box, tabs }, port) : ([0, box![0]] as const);
      list.push({ edge: `${node} ${edge}`, part, towards });
    }
  });

  const ends = new Map<string, Point>();
  for (const [key, list] of sides) {
    const [node, side] = JSON.parse(key) as [string, string];
    spreadEnds(graph, node, side, list, ends);
  }

  const routes = loopRoutes(graph);
  for (const [edge, chain] of chains) {
    const start = startOf(edge) ?? ends.get(`source ${edge}`)!;
    const end = ends.get(`target ${edge}`)!;
    routes.set(edge, { points: smooth([start, ...chain.slice(1, -1), end]), label: null });
  }
  return routes;
}

/** Sets where the edges at one side of a box touch the box. */
function spreadEnds(graph: DisplayGraph, node: string, side: string, list: End[], ends: Map<string, Point>): void {
  const [x, y] = centre(graph, node);
  const [width, height] = graph.getNodeAttribute(node, 'box')!;
  const [middle, part] = list[0]!.part;
  const upright = side === 'left' || side === 'right';
  const slope = ({ towards }: End) =>
    upright ? towards[1] - y : (towards[0] - x - middle) / Math.max(1, Math.abs(towards[1] - y));
  const sorted = list.map((end, i) => ({ end, at: slope(end), i })).sort((a, b) => a.at - b.at || a.i - b.i);
  const room = SPREAD * (upright ? height : part);
  const step = Math.min(END_STEP, room / Math.max(1, sorted.length - 1));
  sorted.forEach(({ end }, i) => {
    const along = (i - (sorted.length - 1) / 2) * step;
    const away = side === 'left' || side === 'bottom' ? -1 : 1;
    ends.set(end.edge, upright ? [x + (away * width) / 2, y + along] : [x + middle + along, y + (away * height) / 2]);
  });
}

function centre(graph: DisplayGraph, node: string): Point {
  const { x, y } = graph.getNodeAttributes(node);
  return [x, y];
}
