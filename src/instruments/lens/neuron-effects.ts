import { mlpOutBackward } from '../../block/mlp.js';
import { Arena } from '../../gpu/arena.js';
import { numbersOf } from '../../inspect/head-outputs.js';
import { rowScales } from '../../inspect/norm-scales.js';
import type { ModelWeights } from '../../model/weights.js';
import { throughNorm } from './answer-directions.js';
import type { ObservedRuns, Rows } from './observed-runs.js';
import { rowsThrough } from './rows-through.js';

/**
 * What every neuron of an MLP adds along a direction of each prompt, its coefficient times the product of its value
 * vector with the direction: [prompt][F]. Where a norm comes after the MLP, its scale is that of the run. Cost: 2 d F
 * FLOPs a prompt.
 *
 * @param directions at the stream [N][4 width4].
 */
export async function neuronEffects(
  weights: ModelWeights,
  layer: number,
  { hidden, mlpSums }: Pick<ObservedRuns, 'hidden' | 'mlpSums'>,
  directions: readonly Float64Array[],
): Promise<Float64Array[]> {
  const { gpu, spec, layout } = weights;
  const mlp = weights.layers[layer]!.mlp!;
  const [width, stride, prompts] = [4 * layout.width4, 4 * layout.mlp4, directions.length];
  const gain = mlp.postNorm && (await numbersOf(weights, mlp.postNorm.gain));
  const scales = gain && rowScales(mlpSums[layer]!, width, weights);
  const towards = new Float32Array(prompts * width);
  directions.forEach((direction, n) => {
    towards.set(gain && scales ? throughNorm(direction, gain, scales[n]!, spec) : direction, n * width);
  });
  const arena = new Arena(gpu);
  try {
    const streamGradient = arena.upload('directions', towards);
    const hiddenGradient = arena.tensor('along directions', [prompts, stride]);
    const context = { arena, weights, tokens: prompts, sequence: 1 };
    const product = await mlpOutBackward(context, mlp, { streamGradient, hiddenGradient });
    const recording = gpu.record();
    product.encode(recording);
    recording.submit();
    const along = new Float32Array(await gpu.read(hiddenGradient));
    return directions.map((_, n) =>
      Float64Array.from(
        { length: spec.mlpWidth },
        (_unused, j) => hidden[layer]![n * stride + j]! * along[n * stride + j]!,
      ),
    );
  } finally {
    arena.dispose();
  }
}

/** Value vectors of some neurons, their rows of W_out [neurons, 4 width4], before a norm after the MLP. */
export async function neuronValues(weights: ModelWeights, layer: number, neurons: readonly number[]): Promise<Rows> {
  const stride = 4 * weights.layout.mlp4;
  const chosen = new Float32Array(neurons.length * stride);
  neurons.forEach((neuron, i) => (chosen[i * stride + neuron] = 1));
  return rowsThrough(weights, weights.layers[layer]!.mlp!.out, chosen);
}
