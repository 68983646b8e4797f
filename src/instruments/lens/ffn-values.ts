import { mean } from '../../base/mean.js';
import type { LensReport } from '../../files/own/lens-json.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import type { TokenValue } from '../../inspect/top-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import type { AnswerDirections } from './answer-directions.js';
import { neuronEffects } from './neuron-effects.js';
import { neuronTokens } from './neuron-tokens.js';
import type { ObservedRuns } from './observed-runs.js';

export type FfnLayer = NonNullable<LensReport['ffn_values']>['layers'][number];

/**
 * Per layer the neurons that add most to the logit difference, by the size of their mean effect over the prompts, and
 * the tokens that their value vectors write (Geva et al. 2020, 2022). Of a gated MLP the coefficient is the product of
 * both halves.
 *
 * Cost: 2 d F FLOPs for each prompt and layer, and 2 d V for each neuron told.
 *
 * @param count how many neurons of a layer are told.
 */
export async function ffnValues(
  weights: ModelWeights,
  observed: ObservedRuns,
  { before }: AnswerDirections,
  { count, maxBytes, tokenText }: { readonly count: number; readonly maxBytes: number; readonly tokenText: TokenText },
  onDone: (layers: number) => void = () => {},
): Promise<FfnLayer[]> {
  const stride = 4 * weights.layout.mlp4;
  const texts = (tokens: readonly TokenValue[]): [string, number][] =>
    tokens.map(({ id, logit }) => [tokenText(id), logit]);
  const layers: FfnLayer[] = [];
  for (const [layer, hidden] of observed.hidden.entries()) {
    const effects = await neuronEffects(weights, layer, observed, before);
    const means = Float64Array.from({ length: weights.spec.mlpWidth }, (_, j) => mean(effects.map((of) => of[j]!)));
    const neurons = strongest(means, count);
    const tokens = await neuronTokens(weights, layer, neurons, maxBytes);
    layers.push(
      neurons.map((neuron, i) => ({
        neuron,
        effect: means[neuron]!,
        coefficient_mean: mean(before.map((_, n) => hidden[n * stride + neuron]!)),
        effect_per_prompt: effects.map((of) => of[neuron]!),
        top10: texts(tokens[i]!.top10),
        bottom3: texts(tokens[i]!.bottom3),
      })),
    );
    onDone(layer + 1);
  }
  return layers;
}

/** Indices of the values of largest size, largest first, of equal ones the lower first. */
export function strongest(values: Float64Array, count: number): number[] {
  const size = (i: number): number => Math.abs(values[i]!);
  return [...values.keys()].sort((a, b) => size(b) - size(a) || a - b).slice(0, count);
}
