import type { Rng } from '../base/rng.js';

/** A direction of the residual stream, of norm 1. */
export type Direction = Float64Array;

/**
 * `count` orthonormal rows of `width` numbers: normal deviates, made orthogonal one after the other (Gram-Schmidt,
 * twice).
 *
 * @param to orthonormal rows that the new ones are orthogonal to as well. They are not among the result.
 */
export function orthonormal(count: number, width: number, rng: Rng, to: readonly Direction[] = []): Direction[] {
  if (count + to.length > width)
    throw new Error(`no ${count + to.length} orthogonal directions in ${width} dimensions`);
  const rows: Direction[] = [];
  while (rows.length < count) {
    const row = Float64Array.from({ length: width }, () => rng.normal());
    const others = [...to, ...rows];
    for (const other of [...others, ...others]) {
      const overlap = dot(row, other);
      for (let i = 0; i < width; i++) row[i]! -= overlap * other[i]!;
    }
    const norm = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
