import { Arena } from '../../gpu/arena.js';
import { numbersOf, scaledRows } from '../../inspect/head-outputs.js';
import { strongestTokens, type TokenValue } from '../../inspect/top-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import { neuronValues } from './neuron-effects.js';

/** Tokens that a value vector gives the largest logits, and the smallest. */
export interface NeuronTokens {
  readonly top10: readonly TokenValue[];
  readonly bottom3: readonly TokenValue[];
}

/**
 * What neurons' value vectors write in tokens: (v g_p g_f) U^T with the gains of a norm after the MLP, where there is
 * one, and of the final norm, without centring, biases and coefficient (Geva et al. 2022, arXiv:2203.14680). Cost: 2 d
 * V FLOPs a neuron.
 */
export async function neuronTokens(
  weights: ModelWeights,
  layer: number,
  neurons: readonly number[],
  maxBytes: number,
): Promise<NeuronTokens[]> {
  if (neurons.length === 0) return [];
  const { postNorm } = weights.layers[layer]!.mlp!;
  const values = await neuronValues(weights, layer, neurons);
  const scaled = scaledRows(values, await numbersOf(weights, weights.finalNorm.gain));
  const arena = new Arena(weights.gpu);
  try {
    const rows = postNorm ? scaledRows(scaled, await numbersOf(weights, postNorm.gain)) : scaled;
    const asked = { signs: [1, -1], count: 10, centred: false } as const;
    const at = neurons.map((_, i) => i);
    const [top, bottom] = await strongestTokens(weights, arena.upload('value vectors', rows), at, asked, maxBytes);
    return neurons.map((_, i) => ({ top10: top![i]!, bottom3: bottom![i]!.slice(0, 3) }));
  } finally {
    arena.dispose();
  }
}
