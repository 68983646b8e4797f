import type { DisplayGraph } from '../display-graph.js';
import type { Point } from './routes.js';

/** What an edge may have instead of its own bend, as multiples of it. Its own is the first. */
const BENDS = [1, 0.4, 1.7, -0.6, -1.2, 2.6, -2.2] as const;
/** Points of a curve that are looked at. */
const POINTS = 24;
/** Most edges that are led around marks. More cannot be followed one by one. */
const MOST_EDGES = 400;
/** A name counts less than a mark: it has a rim of the ground's colour, and stays readable. */
const NAME = 0.5;

/** A circle that edges are better not led through. */
interface Obstacle {
  readonly at: Point;
  readonly radius: number;
  readonly cost: number;
  /** The head of a port, otherwise the node itself. */
  readonly node: string;
}

/**
 * Bends edges past the nodes, ports and names that they would run through. Each gets the bend that runs through the
 * fewest, and its own among equals. It is a rule for each edge by itself: lines between the same marks stay apart.
 *
 * @param unit room of a node: the smaller of the distances of columns and rows.
 */
export function clearBends(graph: DisplayGraph, unit: number): void {
  if (graph.size > MOST_EDGES) return;
  const obstacles = obstaclesIn(graph, unit);
  graph.forEachEdge((id, { curvature }, source, target, a, b) => {
    if (curvature === 0) return;
    const ends = new Set([a.parent ?? source, b.parent ?? target]);
    const others = obstacles.filter(({ node }) => !ends.has(node));
    let [best, least] = [curvature, Infinity];
    for (const factor of BENDS) {
      const bend = factor * curvature;
      const cost = costOf([a.x, a.y], [b.x, b.y], bend, others);
      if (cost < least) [best, least] = [bend, cost];
      if (least === 0) break;
    }
    graph.bend(id, best);
  });
}

function obstaclesIn(graph: DisplayGraph, unit: number): Obstacle[] {
  const obstacles: Obstacle[] = [];
  graph.forEachNode((id, { x, y, size, parent, connected }) => {
    if (!connected) return;
    const node = parent ?? id;
    obstacles.push({ at: [x, y], radius: size, cost: 1, node });
    // The name of a node is at its right.
    if (parent === null) obstacles.push({ at: [x + size + 0.17 * unit, y], radius: 0.1 * unit, cost: NAME, node });
  });
  return obstacles;
}

/** Sum of the costs of the obstacles that a curve runs through. */
function costOf(a: Point, b: Point, bend: number, obstacles: readonly Obstacle[]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const control: Point = [(a[0] + b[0]) / 2 - bend * dy, (a[1] + b[1]) / 2 + bend * dx];
  const points = Array.from({ length: POINTS }, (_, i): Point => {
    const t = (i + 0.5) / POINTS;
    const [p, q, r] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [p * a[0] + q * control[0] + r * b[0], p * a[1] + q * control[1] + r * b[1]];
  });
  // Between two points the curve is nearer to an obstacle than both of them are, by less than half of their distance.
  const between = Math.hypot(dx, dy) / POINTS / 2;
  let cost = 0;
  for (const { at, radius, cost: own } of obstacles) {
    const reach = Math.hypot(radius, between);
    if (points.some(([x, y]) => Math.abs(x - at[0]) < reach && Math.hypot(x - at[0], y - at[1]) < reach)) cost += own;
  }
  return cost;
}
