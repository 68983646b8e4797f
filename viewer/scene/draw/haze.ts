import type { DisplayGraph } from '../display-graph.js';
import type { Styles } from '../style/style.js';

/** Lines of one colour and one width. */
export interface Strand {
  readonly color: string;
  readonly width: number;
  /** Per line: x and y of its start, and of its end, in layout units. */
  readonly lines: readonly number[];
}

interface Growing extends Strand {
  readonly depth: number;
  readonly lines: number[];
}

/** Steps of a width, in pixels. Lines of about the same width are one strand. */
const STEP = 0.5;

/**
 * Edges that are too many to be drawn one by one: straight lines in strands, the weakest first. A strand can be stroked
 * at once.
 */
export function hazeOf(graph: DisplayGraph, styles: Styles): readonly Strand[] {
  const byColor = new Map<string, Map<number, Growing>>();
  for (let index = 0; index < graph.size; index++) {
    const [from, to] = [graph.sourceAt(index), graph.targetAt(index)];
    if (from === to) continue;
    const { color, width, depth } = styles.edgeAt(index);
    const coarse = Math.max(STEP / 2, Math.round(width / STEP) * STEP);
    let strands = byColor.get(color);
    if (!strands) byColor.set(color, (strands = new Map<number, Growing>()));
    let strand = strands.get(coarse);
    if (!strand) strands.set(coarse, (strand = { color, width: coarse, depth, lines: [] }));
    strand.lines.push(from.x, from.y, to.x, to.y);
  }
  return [...byColor.values()].flatMap((strands) => [...strands.values()]).sort((a, b) => a.depth - b.depth);
}

/** Pixels of a picture, row by row from the top. */
export interface Pixels {
  /** Red is the lowest byte, opacity the highest. */
  readonly data: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Sets the pixels of a straight line. What is outside of the picture is left out. */
export function drawLine(
  pixels: Pixels,
  from: readonly [number, number],
  to: readonly [number, number],
  thick: number,
  ink: number,
): void {
  const { data, width, height } = pixels;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const [enterX, leaveX] = inside(from[0], dx, width - 1);
  const [enterY, leaveY] = inside(from[1], dy, height - 1);
  const enter = Math.max(0, enterX, enterY);
  const leave = Math.min(1, leaveX, leaveY);
  if (!(enter <= leave)) return;
  const flat = Math.abs(dx) > Math.abs(dy);
  const steps = Math.max(1, Math.ceil((leave - enter) * Math.max(Math.abs(dx), Math.abs(dy))));
  const [stepX, stepY] = [((leave - enter) * dx) / steps, ((leave - enter) * dy) / steps];
  // Half a pixel more, and cut: what is not negative is rounded so in the shortest time.
  let x = from[0] + dx * enter + 0.5;
  let y = from[1] + dy * enter + 0.5;
  // Most lines of a haze are one pixel wide: there are millions of such pixels.
  if (thick === 1) {
    for (let i = 0; i <= steps; i++) {
      data[(y | 0) * width + (x | 0)] = ink;
      x += stepX;
      y += stepY;
    }
    return;
  }
  const low = -((thick - 1) >> 1);
  const [across, room] = flat ? [width, height] : [1, width];
  for (let i = 0; i <= steps; i++) {
    const [column, row] = [Math.trunc(x), Math.trunc(y)];
    const place = flat ? row : column;
    const first = Math.max(low, -place);
    const last = Math.min(low + thick, room - place);
    const at = row * width + column;
    for (let off = first; off < last; off++) data[at + off * across] = ink;
    x += stepX;
    y += stepY;
  }
}

/** The shares of a way between which a place on it is within 0..most. The first is larger where it never is. */
function inside(start: number, way: number, most: number): readonly [enter: number, leave: number] {
  if (way === 0) return start >= 0 && start <= most ? [0, 1] : [1, 0];
  const [a, b] = [-start / way, (most - start) / way];
  return way > 0 ? [a, b] : [b, a];
}
