import type { DisplayGraph, Route } from '../scene.js';
import { flatten, type Point } from './routes.js';

/** Width and height of a letter with its halo, in layout units. */
const LETTER: Point = [9, 12];
/** Shares of a route at which its letter may stand, the best first. */
const ALONG = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9];

type Rectangle = readonly [left: number, bottom: number, right: number, top: number];

/** Places the port's letter of every edge beside its route: off boxes and other letters, and where few routes pass. */
export function placeLetters(graph: DisplayGraph, routes: ReadonlyMap<string, Route>): Map<string, Route> {
  const lines = new Map([...routes].map(([edge, { points }]) => [edge, flatten(points, 6)]));
  const crossed = lineIndex([...lines.values()]);
  const taken: Rectangle[] = graph.mapNodes((_, { x, y, box }) => around([x, y], box![0], box![1]));
  const placed = new Map<string, Route>();
  for (const [edge, route] of routes) {
    if (!hasLetter(graph, edge)) {
      placed.set(edge, { points: route.points, label: null });
      continue;
    }
    const line = lines.get(edge)!;
    let best: Point = line[line.length >> 1]!;
    let least = Infinity;
    for (const [choice, t] of ALONG.entries()) {
      for (const side of [1, -1]) {
        const place = beside(line, t, side);
        const rectangle = around(place, LETTER[0], LETTER[1]);
        const cost =
          choice +
          0.5 * Number(side < 0) +
          100 * taken.filter((other) => overlap(rectangle, other)).length +
          4 * crossed(rectangle);
        if (cost < least) [least, best] = [cost, place];
      }
    }
    taken.push(around(best, LETTER[0], LETTER[1]));
    placed.set(edge, { points: route.points, label: best });
  }
  return placed;
}

function hasLetter(graph: DisplayGraph, edge: string): boolean {
  const port = graph.getEdgeAttribute(edge, 'port');
  return port !== 'out' && port !== 'several';
}

/** The place at share `t` of a line's length, moved off the line to a side (1 or -1). */
function beside(line: readonly Point[], t: number, side: number): Point {
  const lengths = line.slice(1).map((point, i) => Math.hypot(point[0] - line[i]![0], point[1] - line[i]![1]));
  let left = t * lengths.reduce((total, length) => total + length, 0);
  let i = 0;
  while (i < lengths.length - 1 && left > lengths[i]!) left -= lengths[i++]!;
  const [a, b] = [line[i]!, line[i + 1]!];
  const length = lengths[i]! || 1;
  const [dx, dy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const off = side * (1 + (Math.abs(dy) * LETTER[0] + Math.abs(dx) * LETTER[1]) / 2);
  return [a[0] + dx * left + dy * off, a[1] + dy * left - dx * off];
}

/** Counts the lines that pass through a rectangle. Lines are looked up by the cells of a coarse raster. */
function lineIndex(lines: readonly (readonly Point[])[]): (rectangle: Rectangle) => number {
  const CELL = 24;
  const cells = new Map<string, { line: number; a: Point; b: Point }[]>();
  const cellsOf = ([left, bottom, right, top]: Rectangle) => {
    const keys: string[] = [];
    for (let i = Math.floor(left / CELL); i <= Math.floor(right / CELL); i++) {
      for (let j = Math.floor(bottom / CELL); j <= Math.floor(top / CELL); j++) keys.push(`${i} ${j}`);
    }
    return keys;
  };
  lines.forEach((points, line) => {
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1]!, points[i]!];
      const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])] as const;
      for (const key of cellsOf(box)) {
        const list = cells.get(key);
        if (list) list.push({ line, a, b });
        else cells.set(key, [{ line, a, b }]);
      }
    }
  });
  return (rectangle) => {
    const hit = new Set<number>();
    for (const key of cellsOf(rectangle)) {
      for (const { line, a, b } of cells.get(key) ?? []) if (!hit.has(line) && passes(a, b, rectangle)) hit.add(line);
    }
    return hit.size;
  };
}

/** Whether a segment touches a rectangle (Liang-Barsky). */
function passes(a: Point, b: Point, [left, bottom, right, top]: Rectangle): boolean {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [enter, leave] = [0, 1];
  for (const [step, room] of [
    [-dx, a[0] - left],
    [dx, right - a[0]],
    [-dy, a[1] - bottom],
    [dy, top - a[1]],
  ] as const) {
    if (step === 0 && room < 0) return false;
    if (step < 0) enter = Math.max(enter, room / step);
    if (step > 0) leave = Math.min(leave, room / step);
  }
  return enter <= leave;
}

function around([x, y]: Point, width: number, height: number): Rectangle {
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
