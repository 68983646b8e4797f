import { createRng } from '../src/base/rng.js';
import type { Tensor } from '../src/gpu/arena.js';
import type { Recording } from '../src/gpu/recording.js';

/** One kernel at one shape: how to run it, what it costs, and which float64 values some of its outputs must have. */
export interface KernelBench {
  readonly name: string;
  readonly encode: (recording: Recording) => void;
  /** Formulas in words of the shape, printed beside the figures, and their values. */
  readonly flops: readonly [string, number];
  readonly bytes: readonly [string, number];
  readonly out: Tensor;
  /** `out` holds u32 instead of f32. */
  readonly integers?: boolean;
  /** Index into `out` -> expected value. */
  readonly expected: readonly (readonly [number, number])[];
}

/** Reproducible numbers in (-scale, scale). */
export function random(length: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  const rng = createRng(seed);
  return Float32Array.from({ length }, () => scale * (2 * rng.next() - 1));
}

/** A few indices spread over an output, its ends among them. */
export function probes(length: number): number[] {
  return Array.from({ length: 12 }, (_, i) => Math.floor((i * (length - 1)) / 11));
}
