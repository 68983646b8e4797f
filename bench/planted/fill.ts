import type { Rng } from '../../src/base/rng.js';

export function addNormal(values: Float32Array, deviation: number, rng: Rng): void {
  for (let i = 0; i < values.length; i++) values[i]! += deviation * rng.normal();
}

/** row += scale direction */
export function addScaled(row: Float32Array, direction: ArrayLike<number>, scale: number): void {
  for (let i = 0; i < row.length; i++) row[i]! += scale * direction[i]!;
}

/** Adds a direction to one column of a row-major matrix. */
export function addToColumn(
  matrix: Float32Array,
  columns: number,
  column: number,
  direction: ArrayLike<number>,
  scale: number,
): void {
  for (let r = 0; r < direction.length; r++) matrix[r * columns + column]! += scale * direction[r]!;
}
