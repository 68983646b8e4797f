import type { DisplayGraph } from '../display-graph.js';
import type { Route } from '../scene.js';

export type Point = readonly [number, number];

/**
 * How far from a bend the path leaves its polygon: a share of the segment, but no more than a number of layout units.
 */
const CUT_SHARE = 1 / 6;
const CUT_MOST = 14;

/**
 * A smooth path along a polygon. It starts at the first point and ends at the last. Near a bend it turns as a cubic
 * B-spline does, and never leaves the convex hull of the points.
 *
 * @returns the start point, then three points for each Bézier piece.
 */
export function spline(points: readonly Point[]): Point[] {
  const path: Point[] = [points[0]!];
  for (let i = 1; i < points.length; i++) {
    const [a, b, c] = [points[i - 1]!, points[i]!, points[i + 1]];
    const turn = towards(b, a);
    const end = c ? between(turn, towards(b, c), 0.5) : b;
    path.push(i === 1 ? between(a, b, 1 / 2) : towards(a, b), c ? turn : between(a, b, 1 / 2), end);
  }
  return path;
}

/** The point of the segment from `bend` to `other` where the turn ends. */
function towards(bend: Point, other: Point): Point {
  const length = Math.hypot(other[0] - bend[0], other[1] - bend[1]);
  return between(bend, other, Math.min(CUT_SHARE, CUT_MOST / (length || 1)));
}

/** Points along a path of Bézier pieces, `segments` for each piece. */
export function flatten(path: readonly Point[], segments: number): Point[] {
  const points: Point[] = path.length > 0 ? [path[0]!] : [];
  for (let at = 0; at + 3 < path.length; at += 3) {
    for (let i = 1; i <= segments; i++) points.push(cubic(path, at, i / segments));
  }
  return points;
}

/** The point at `t`, 0..1, of the piece that starts at index `at` of the path. */
function cubic(path: readonly Point[], at: number, t: number): Point {
  const s = 1 - t;
  const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const along = (axis: 0 | 1) =>
    a * path[at]![axis] + b * path[at + 1]![axis] + c * path[at + 2]![axis] + d * path[at + 3]![axis];
  return [along(0), along(1)];
}

export function between(a: Point, b: Point, t: number): Point {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
}

/** Half of the height of the first loop of a box, in layout units. */
const BOX_LOOP = 12;

function reachOf(nth: number, height: number): number {
  return (1.3 + 0.7 * nth) * height;
}

/** Room that the loops of a box and their letters need at its right side. */
export function loopRoom(graph: DisplayGraph, id: string): number {
  let loops = 0;
  graph.forEachOutEdge(id, (_, __, source, target) => (loops += Number(source === target)));
  return loops === 0 ? 0 : 0.75 * reachOf(loops - 1, BOX_LOOP) + BOX_LOOP;
}

/**
 * Paths of the edges from a node to itself. They are loops at the right side of the node. A further loop goes around
 * the loop before. The label stands where a loop is farthest out.
 */
export function loopRoutes(graph: DisplayGraph): Map<string, Route> {
  const routes = new Map<string, Route>();
  const loops = new Map<string, number>();
  graph.forEachEdge((id, _, source, target) => {
    if (source !== target) return;
    const nth = loops.get(source) ?? 0;
    loops.set(source, nth + 1);
    const { x, y, size, box } = graph.getNodeAttributes(source);
    const height = box ? BOX_LOOP : size;
    const side = x + (box ? box[0] / 2 : size);
    const reach = reachOf(nth, height);
    const spread = (0.45 + 0.12 * Math.min(nth, 3)) * height;
    const start: Point = [box ? side : x + 0.89 * size, y - spread];
    const end: Point = [start[0], y + spread];
    const points: Point[] = [start, [side + reach, y - 1.6 * spread], [side + reach, y + 1.6 * spread], end];
    routes.set(id, { points, label: [side + 0.75 * reach + 0.5 * height, y] });
  });
  return routes;
}
