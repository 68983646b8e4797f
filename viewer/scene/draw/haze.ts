import type { DisplayGraph } from '../scene.js';
import type { Styles } from '../style/style.js';

/** Lines of one colour and one width. */
export interface Strand {
  readonly color: string;
  readonly width: number;
  /** Per line: x and y of its start, and of its end, in layout units. */
  readonly lines: readonly number[];
}

/** Steps of a width, in pixels. Lines of about the same width are one strand. */
const STEP = 0.5;

/**
 * Edges that are too many to be drawn one by one: straight lines in strands, the weakest first. A strand can be stroked
 * at once.
 */
export function hazeOf(graph: DisplayGraph, styles: Styles): readonly Strand[] {
  const strands = new Map<string, { color: string; width: number; depth: number; lines: number[] }>();
  graph.forEachEdge((id, _, source, target, from, to) => {
    if (source === target) return;
    const { color, width, depth } = styles.edge(id);
    const coarse = Math.max(STEP / 2, Math.round(width / STEP) * STEP);
    const key = `${color} ${coarse}`;
    let strand = strands.get(key);
    if (!strand) strands.set(key, (strand = { color, width: coarse, depth, lines: [] }));
    strand.lines.push(from.x, from.y, to.x, to.y);
  });
  return [...strands.values()].sort((a, b) => a.depth - b.depth);
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
  let [enter, leave] = [0, 1];
  for (const [step, room] of [
    [-dx, from[0]],
    [dx, width - 1 - from[0]],
    [-dy, from[1]],
    [dy, height - 1 - from[1]],
  ] as const) {
    if (step === 0 && room < 0) return;
    if (step < 0) enter = Math.max(enter, room / step);
    if (step > 0) leave = Math.min(leave, room / step);
  }
  if (!(enter <= leave)) return;
  const flat = Math.abs(dx) > Math.abs(dy);
  const steps = Math.max(1, Math.ceil((leave - enter) * Math.max(Math.abs(dx), Math.abs(dy))));
  const [stepX, stepY] = [((leave - enter) * dx) / steps, ((leave - enter) * dy) / steps];
  // Half a pixel more, and cut: what is not negative is rounded so in the shortest time.
  let x = from[0] + dx * enter + 0.5;
  let y = from[1] + dy * enter + 0.5;
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
