/** Positions of the slider: 0..STEPS. */
export const STEPS = 1000;

/** Rank 1..n at a position. The scale is logarithmic. */
export function toRank(position: number, n: number): number {
  return n <= 1 ? n : Math.round(Math.exp((position / STEPS) * Math.log(n)));
}

/** Position of a rank; ranks outside of 1..n are at the ends. */
export function toPosition(rank: number, n: number): number {
  return n <= 1 ? STEPS : (STEPS * Math.log(Math.max(1, Math.min(rank, n)))) / Math.log(n);
}

/**
 * The rank that a dragged slider shows: that of the nearest mark, where one is within reach.
 *
 * @param marks ranks.
 * @param reach in positions.
 */
export function snappedRank(position: number, n: number, marks: readonly number[], reach: number): number {
  const away = (rank: number): number => Math.abs(toPosition(rank, n) - position);
  const [nearest] = [...marks].sort((a, b) => away(a) - away(b));
  return nearest !== undefined && away(nearest) <= reach ? nearest : toRank(position, n);
}
