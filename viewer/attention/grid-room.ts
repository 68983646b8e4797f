/** Sides of a cell of a small map. Smaller ones are not told apart, larger ones tell no more. */
const [LEAST, MOST] = [4, 12];

export interface GridRoom {
  readonly width: number;
  readonly height: number;
  /** Room around each drawing, and the height of the name above it. */
  readonly gap: number;
  readonly name: number;
}

/**
 * The side of a cell with which `count` square maps of `n` tokens fill their room best: the largest one with which all
 * are seen at once, or the smallest one, where the room scrolls.
 */
export function smallSide(count: number, n: number, { width, height, gap, name }: GridRoom): number {
  for (let side = MOST; side > LEAST; side--) {
    const across = Math.floor((width + gap) / (n * side + gap));
    if (across < 1) continue;
    const rows = Math.ceil(count / across);
    if (rows * (n * side + name + gap) <= height) return side;
  }
  return LEAST;
}
