import { flatten, type Point } from '../layout/routes.js';
import type { Box, Route } from '../scene.js';

/** The edge whose route is nearest to a point. Null when no route is within `within` layout units. */
export function nearestRoute(routes: ReadonlyMap<string, Route>, x: number, y: number, within: number): string | null {
  let nearest: string | null = null;
  let least = within;
  for (const [edge, route] of routes) {
    const { points, box } = lineOf(route);
    if (x < box.left - least || x > box.right + least || y < box.bottom - least || y > box.top + least) continue;
    for (let i = 1; i < points.length; i++) {
      const distance = distanceTo(points[i - 1]!, points[i]!, x, y);
      if (distance < least) [least, nearest] = [distance, edge];
    }
  }
  return nearest;
}

interface Line {
  readonly points: readonly Point[];
  readonly box: Box;
}

/** Lines by route. The pointer asks for the same routes many times a second. */
const lines = new WeakMap<Route, Line>();

function lineOf(route: Route): Line {
  const known = lines.get(route);
  if (known) return known;
  const points = flatten(route.points, 12);
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  const box = { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
  const line = { points, box };
  lines.set(route, line);
  return line;
}

/** Distance of a point from a segment. */
function distanceTo(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(a[0] + t * dx - x, a[1] + t * dy - y);
}
