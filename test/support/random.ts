import { createRng, type Rng } from '../../src/base/rng.js';

/** Seeded numbers for tests, already rounded to f32, so that an oracle in float64 starts from the same ones. */
export interface RandomNumbers extends Rng {
  /** `count` normal deviates. */
  normals(count: number, deviation?: number, mean?: number): Float32Array<ArrayBuffer>;
  ids(count: number, below: number): number[];
}

export function randomNumbers(seed: number): RandomNumbers {
  const rng = createRng(seed);
  return {
    ...rng,
    normals: (count, deviation = 1, mean = 0) =>
      Float32Array.from({ length: count }, () => mean + deviation * rng.normal()),
    ids: (count, below) => Array.from({ length: count }, () => rng.below(below)),
  };
}
