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
