import { visibleToken } from '../view/format.js';

/** Width of a letter of a label / its size: labels are in a font of equal letters. */
export const LETTER = 0.61;

/** A token as a label of at most `longest` letters. */
export function tokenLabel(token: string, longest: number): string {
  const text = visibleToken(token).trim() || '␣';
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/**
 * The labels that have room, of `count` labels at a distance of `step`: those that must be there first, then the others
 * from the first to the last.
 *
 * @param size height of a label.
 */
export function labelsWithRoom(
  count: number,
  step: number,
  size: number,
  must: readonly number[],
): ReadonlySet<number> {
  const shown = new Set<number>();
  const apart = Math.max(1, Math.ceil(size / step));
  for (const i of [...must, ...Array.from({ length: count }, (_, at) => at)]) {
    let isFree = i >= 0 && i < count;
    for (let near = i - apart + 1; isFree && near < i + apart; near++) isFree = !shown.has(near);
    if (isFree) shown.add(i);
  }
  return shown;
}
