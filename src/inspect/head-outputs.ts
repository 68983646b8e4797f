import { attentionOutput, everyHeadOutput } from '../block/attention-output.js';
import { valuesByHead } from '../block/projections.js';
import { Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';

/** A tensor of the model on the host. */
export async function numbersOf({ gpu }: ModelWeights, tensor: Tensor): Promise<Float32Array> {
  return new Float32Array(await gpu.read(tensor));
}

/** Every row times the gain, number by number. */
export function scaledRows(rows: Float32Array, gain: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(rows, (value, i) => value * gain[i % gain.length]!);
}

/** Rows [words, width] through the values and outputs of every head of a layer [H, words, width], without biases. */
export async function headOutputs(
  weights: ModelWeights,
  layer: number,
  rows: Float32Array<ArrayBuffer>,
  words: number,
): Promise<Float32Array> {
  const { gpu, spec, layout } = weights;
  const arena = new Arena(gpu);
  try {
    const context = { arena, weights, tokens: words, sequence: 1 };
    const layerWeights = weights.layers[layer]!;
    const normed = arena.upload('scaled embeddings', rows);
    const values = arena.tensor('values of words', [spec.heads, words, 4 * layout.head4]);
    const outputs = arena.tensor('outputs of words', [spec.heads, words, 4 * layout.width4]);
    const toValues = await valuesByHead(context, layerWeights, { normed, values }, words);
    const jobs = everyHeadOutput(context, layerWeights, words, (head) => head * words * layout.head4);
    const toOutputs = await attentionOutput(context, layerWeights, jobs, { mixed: values, outputs });
    const recording = gpu.record();
    toValues.encode(recording);
    toOutputs.encode(recording);
    const copy = recording.readback(outputs);
    recording.submit();
    return new Float32Array(await copy());
  } finally {
    arena.dispose();
  }
}
