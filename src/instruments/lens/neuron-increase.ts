import { mean } from '../../base/mean.js';
import type { LensReport } from '../../files/own/lens-json.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import { numbersOf, scaledRows } from '../../inspect/head-outputs.js';
import { rowScales } from '../../inspect/norm-scales.js';
import type { ModelWeights } from '../../model/weights.js';
import type { PromptPair } from '../../task/types.js';
import { answerLogProbs } from './answer-log-probs.js';
import { neuronValues } from './neuron-effects.js';
import { neuronTokens } from './neuron-tokens.js';
import type { ObservedRuns, Rows } from './observed-runs.js';
import { rowsThrough } from './rows-through.js';

type NeuronIncrease = NonNullable<LensReport['neuron_increase']>;

/** How many neurons of all layers are told. */
const TOLD = 30;

export interface IncreaseUse {
  readonly maxBytes: number;
  readonly tokenText: TokenText;
}

/** A run without some heads. */
export interface WithoutHeads {
  readonly heads: readonly string[];
  readonly observed: ObservedRuns;
}

/**
 * Comparative neuron analysis (Yu and Ananiadou 2024): by how much each neuron raises the log-probability of the right
 * answers where it is added to the stream that its MLP adds to,
 *
 *   log p(answer | x + c v) - log p(answer | x)
 *
 * with x the stream after the layer without the MLP's output, c the coefficient, v the value vector, by way of a norm
 * after the MLP at the scale of the run. With a run without some heads: by how much that changes. Told are the neurons
 * of the largest mean increase; with a second run, those that lose most without the heads.
 *
 * Cost: 2 d V FLOPs for each prompt and neuron of the model, twice with a second run.
 *
 * @param pairs with right answers.
 * @param onDone is told how many layers are done, of all runs.
 */
export async function neuronIncrease(
  weights: ModelWeights,
  pairs: readonly PromptPair[],
  observed: ObservedRuns,
  without: WithoutHeads | null,
  { maxBytes, tokenText }: IncreaseUse,
  onDone: (layers: number) => void = () => {},
): Promise<NeuronIncrease> {
  let done = 0;
  const ofRun = async (run: ObservedRuns): Promise<Float64Array[][]> => {
    const layers: Float64Array[][] = [];
    for (const layer of run.hidden.keys()) {
      layers.push(await increasesOf(weights, layer, pairs, run, maxBytes));
      onDone(++done);
    }
    return layers;
  };
  const whole = await ofRun(observed);
  const less = without && (await ofRun(without.observed));
  const meanOf = (run: readonly (readonly Float64Array[])[], layer: number, neuron: number): number =>
    mean(run[layer]!.map((ofPrompt) => ofPrompt[neuron]!));
  const all = whole.flatMap((_, layer) =>
    Array.from({ length: weights.spec.mlpWidth }, (_unused, neuron) => {
      const increase = meanOf(whole, layer, neuron);
      const rest = less ? meanOf(less, layer, neuron) : 0;
      return { layer, neuron, increase, ...(less && { increase_without: rest }), by: increase - rest };
    }),
  );
  const told = all.sort((a, b) => b.by - a.by || a.layer - b.layer || a.neuron - b.neuron).slice(0, TOLD);
  const tokens = new Map<string, [string, number][]>();
  for (const layer of new Set(told.map((one) => one.layer))) {
    const neurons = told.filter((one) => one.layer === layer).map((one) => one.neuron);
    const found = await neuronTokens(weights, layer, neurons, maxBytes);
    neurons.forEach((neuron, i) => {
      tokens.set(
        `${layer} ${neuron}`,
        found[i]!.top10.map(({ id, logit }) => [tokenText(id), logit]),
      );
    });
  }
  const stride = 4 * weights.layout.mlp4;
  return {
    without: without ? [...without.heads] : [],
    log_p: await answerLogProbs(weights, observed.streams.at(-1)!, pairs, maxBytes),
    ...(without && {
      log_p_without: await answerLogProbs(weights, without.observed.streams.at(-1)!, pairs, maxBytes),
    }),
    neurons: told.map(({ layer, neuron, increase, increase_without }) => ({
      layer,
      neuron,
      increase,
      ...(increase_without !== undefined && { increase_without }),
      increase_per_prompt: whole[layer]!.map((ofPrompt) => ofPrompt[neuron]!),
      coefficient_mean: mean(pairs.map((_, n) => observed.hidden[layer]![n * stride + neuron]!)),
      top10: tokens.get(`${layer} ${neuron}`)!,
    })),
  };
}

/** What each neuron of a layer adds to the log-probability: [prompt][neuron]. */
async function increasesOf(
  weights: ModelWeights,
  layer: number,
  pairs: readonly PromptPair[],
  observed: ObservedRuns,
  maxBytes: number,
): Promise<Float64Array[]> {
  const { spec, layout } = weights;
  const { mlp } = weights.layers[layer]!;
  const [width, stride] = [4 * layout.width4, 4 * layout.mlp4];
  const before = await streamsWithoutMlp(weights, layer, observed);
  const start = await answerLogProbs(weights, before, pairs, maxBytes);
  const gain = mlp!.postNorm && (await numbersOf(weights, mlp!.postNorm.gain));
  const scales = gain && rowScales(observed.mlpSums[layer]!, width, weights);
  const increases = pairs.map(() => new Float64Array(spec.mlpWidth));
  const atOnce = Math.max(1, Math.floor(maxBytes / (4 * Math.max(layout.vocabStride, width, stride))));
  for (let first = 0; first < spec.mlpWidth; first += atOnce) {
    const neurons = Array.from({ length: Math.min(atOnce, spec.mlpWidth - first) }, (_, i) => first + i);
    const values = await neuronValues(weights, layer, neurons);
    const written = gain ? scaledRows(values, gain) : values;
    for (const [n, pair] of pairs.entries()) {
      const rows = new Float32Array(neurons.length * width);
      neurons.forEach((neuron, i) => {
        const coefficient = observed.hidden[layer]![n * stride + neuron]! * (scales ? scales[n]! : 1);
        for (let c = 0; c < width; c++) {
          rows[i * width + c] = before[n * width + c]! + coefficient * written[i * width + c]!;
        }
      });
      const found = await answerLogProbs(
        weights,
        rows,
        neurons.map(() => pair),
        maxBytes,
      );
      neurons.forEach((neuron, i) => (increases[n]![neuron] = found[i]! - start[n]!));
    }
  }
  return increases;
}

/** The stream after a layer less what its MLP added [N, 4 width4]. */
async function streamsWithoutMlp(
  weights: ModelWeights,
  layer: number,
  { streams, hidden, mlpSums }: ObservedRuns,
): Promise<Rows> {
  const { layout, spec } = weights;
  const width = 4 * layout.width4;
  const mlp = weights.layers[layer]!.mlp!;
  const after = streams[layer + 1]!;
  let added: Rows;
  if (mlp.postNorm) {
    const scales = rowScales(mlpSums[layer]!, width, { spec });
    const gain = await numbersOf(weights, mlp.postNorm.gain);
    added = mlpSums[layer]!.map((value, i) => value * scales[Math.floor(i / width)]! * gain[i % width]!);
  } else added = await rowsThrough(weights, mlp.out, hidden[layer]!, { bias: mlp.outBias });
  return after.map((value, i) => value - added[i]!);
}
