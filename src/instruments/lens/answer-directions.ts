import { Arena } from '../../gpu/arena.js';
import { numbersOf } from '../../inspect/head-outputs.js';
import { rowScales } from '../../inspect/norm-scales.js';
import type { ModelSpec } from '../../model/spec.js';
import type { ModelWeights } from '../../model/weights.js';
import { bindAnswerDirections } from '../../readout/answer-directions.js';
import type { PromptPair } from '../../task/types.js';
import type { Rows } from './observed-runs.js';

/** Per prompt the directions of its logit difference, mean over the right answers - mean over the wrong ones. */
export interface AnswerDirections {
  /** At the output of the final norm [4 width4]. */
  readonly after: readonly Float64Array[];
  /** At its input, where the norm keeps the scale that it has for the whole stream: its gain, and less the mean. */
  readonly before: readonly Float64Array[];
  /** What the norm divides by. */
  readonly denominators: readonly number[];
}

/** @param streams what the final norm reads [N, 4 width4]. */
export async function answerDirections(
  weights: ModelWeights,
  pairs: readonly PromptPair[],
  streams: Rows,
): Promise<AnswerDirections> {
  const { gpu, layout, spec, finalNorm } = weights;
  const width = 4 * layout.width4;
  const arena = new Arena(gpu);
  try {
    const directions = arena.tensor('answer directions', [pairs.length, width]);
    const encode = await bindAnswerDirections(arena, weights, directions, pairs);
    const recording = gpu.record();
    encode(recording);
    recording.submit();
    const values = Float64Array.from(new Float32Array(await gpu.read(directions)));
    const gain = await numbersOf(weights, finalNorm.gain);
    const scales = rowScales(streams, width, weights);
    const after = pairs.map((_, n) => values.subarray(n * width, (n + 1) * width));
    return {
      after,
      before: after.map((direction, n) => throughNorm(direction, gain, scales[n]!, spec)),
      denominators: Array.from(scales, (scale) => 1 / scale),
    };
  } finally {
    arena.dispose();
  }
}

/**
 * A direction at the output of a norm as one at its input, where its scale stays: products with what the norm reads
 * are then those with what it gives, less its bias. [stride], its padding zero.
 */
export function throughNorm(
  direction: Float64Array,
  gain: ArrayLike<number>,
  scale: number,
  { width, norm }: Pick<ModelSpec, 'width' | 'norm'>,
): Float64Array {
  const scaled = direction.map((value, i) => (i < width ? value * gain[i]! : 0));
  const mean = norm.kind === 'layer' ? scaled.reduce((sum, value) => sum + value, 0) / width : 0;
  return scaled.map((value, i) => (i < width ? (value - mean) * scale : 0));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
