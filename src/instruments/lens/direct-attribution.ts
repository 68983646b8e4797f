import { mean } from '../../base/mean.js';
import type { Topology } from '../../circuit/topology.js';
import type { LensReport } from '../../files/own/lens-json.js';
import { numbersOf } from '../../inspect/head-outputs.js';
import { inspectNodes } from '../../inspect/inspect-nodes.js';
import { rowScales } from '../../inspect/norm-scales.js';
import type { ModelWeights } from '../../model/weights.js';
import type { PromptPair } from '../../task/types.js';
import { dot, throughNorm, type AnswerDirections } from './answer-directions.js';
import { neuronEffects } from './neuron-effects.js';
import type { ObservedRuns } from './observed-runs.js';

type DirectAttribution = NonNullable<LensReport['direct_attribution']>;

/** A constant of every run, and what it adds to the logit difference of each prompt. */
interface Constant {
  readonly name: string;
  readonly values: readonly number[];
}

export interface AttributionUse {
  readonly budget: number;
  /** Also of every neuron. */
  readonly neurons: boolean;
}

/**
 * What every writer adds to the logit difference, through the final norm with the scale of the whole stream; and what
 * is no writer adds: the position embedding, output biases of attention layer by layer, the biases of norm and logits.
 * All of it together is the logit difference. Where logits have a softcap, it is that of the logits before.
 *
 * Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; with biases and norms as in TransformerLens.
 * Cost: two forward passes; 2 d F FLOPs for each prompt and layer where neurons are asked for.
 *
 * @param pairs with right and wrong answers.
 */
export async function directAttribution(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  observed: ObservedRuns,
  directions: AnswerDirections,
  { budget, neurons }: AttributionUse,
): Promise<DirectAttribution> {
  const { direct } = await inspectNodes(weights, topology, pairs, [], { input: 'token', budget });
  const constants = await constantsOf(weights, pairs, observed, directions);
  const ofBiases = constants.filter(({ name }) => name === FINAL_BIAS || name === LOGIT_BIAS);
  const last = rowsOf(observed.streams.at(-1)!, pairs.length);
  const several = pairs.some(({ correct, wrong }) => correct.length > 1 || wrong.length > 1);
  return {
    target: several ? 'mean logit over correct - mean logit over wrong' : 'logit[correct]-logit[wrong]',
    components: [...topology.writers.map((_, writer) => topology.writerName(writer)), ...constants.map((c) => c.name)],
    values: pairs.map((_, n) => [...direct.map((ofWriter) => ofWriter[n]!), ...constants.map((c) => c.values[n]!)]),
    total: pairs.map((_, n) => ofBiases.reduce((sum, c) => sum + c.values[n]!, dot(last[n]!, directions.before[n]!))),
    ln_f_denominator: [...directions.denominators],
    ...(neurons && { neurons: await everyNeuron(weights, pairs.length, observed, directions) }),
  };
}

const FINAL_BIAS = 'ln_f.bias';
const LOGIT_BIAS = 'b_U';

async function constantsOf(
  weights: ModelWeights,
  pairs: readonly PromptPair[],
  { attentionSums }: Pick<ObservedRuns, 'attentionSums'>,
  { before, after }: AnswerDirections,
): Promise<Constant[]> {
  const { spec, layout, positions, layers, finalNorm, unembedBias } = weights;
  const width = 4 * layout.width4;
  const found: Constant[] = [];
  if (positions) {
    const rows = await numbersOf(weights, positions);
    const values = pairs.map(({ position }, n) =>
      dot(rows.subarray(position * width, (position + 1) * width), before[n]!),
    );
    found.push({ name: 'position', values });
  }
  if (spec.attention.biases.out) {
    for (const [layer, { attentionOutBias, attentionPostNorm }] of layers.entries()) {
      const bias = await numbersOf(weights, attentionOutBias);
      const gain = attentionPostNorm && (await numbersOf(weights, attentionPostNorm.gain));
      const scales = gain && rowScales(attentionSums[layer]!, width, weights);
      const towards = before.map((direction, n) =>
        gain && scales ? throughNorm(direction, gain, scales[n]!, spec) : direction,
      );
      found.push({ name: `b_O.${layer}`, values: towards.map((direction) => dot(bias, direction)) });
    }
  }
  if (spec.norm.kind === 'layer') {
    const bias = await numbersOf(weights, finalNorm.bias);
    found.push({ name: FINAL_BIAS, values: after.map((direction) => dot(bias, direction)) });
  }
  if (unembedBias) {
    const biases = await numbersOf(weights, unembedBias);
    const over = (ids: readonly number[]): number => mean(ids.map((id) => biases[id]!));
    found.push({ name: LOGIT_BIAS, values: pairs.map(({ correct, wrong }) => over(correct) - over(wrong)) });
  }
  return found;
}

/** [prompt][layer][neuron] */
async function everyNeuron(
  weights: ModelWeights,
  prompts: number,
  observed: ObservedRuns,
  { before }: AnswerDirections,
): Promise<number[][][]> {
  const found = Array.from({ length: prompts }, (): number[][] => []);
  for (const layer of observed.hidden.keys()) {
    const effects = await neuronEffects(weights, layer, observed, before);
    effects.forEach((ofPrompt, n) => found[n]!.push([...ofPrompt]));
  }
  return found;
}

/** Rows [N, stride], one by one. */
function rowsOf(rows: Float32Array, count: number): Float32Array[] {
  const stride = rows.length / count;
  return Array.from({ length: count }, (_, n) => rows.subarray(n * stride, (n + 1) * stride));
}
