/** Attribution on small random models, on the device and by the float64 differences of test/oracle. */
import type { Ablation } from '../../src/circuit/run-identity.js';
import type { Gpu } from '../../src/gpu/gpu.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel, type Gpt2Sizes } from '../../src/model/random-model.js';
import { attribute, attributionPlan, type Attribution } from '../../src/attribute/attribution.js';
import { settleOptions, type AttributionOptions } from '../../src/attribute/options.js';
import { planAttribution, type AttributionPlan } from '../../src/attribute/attribution-plan.js';
import type { Topology } from '../../src/circuit/topology.js';
import type { Layout } from '../../src/model/layout.js';
import { flowTensors } from '../../src/attribute/information-flow.js';
import { fixTensors } from '../../src/gradient/query-key-fix.js';
import type { GradientShape } from '../../src/gradient/gradient-plan.js';
import type { MeanSource } from '../../src/evaluate/mean-ablation.js';
import type { PromptPair } from '../../src/task/types.js';
import { OracleAttribution } from '../oracle/attribution.js';
import type { MetricName } from '../oracle/metrics.js';
import { loadOracle, type InputKind, type OracleModel } from '../oracle/model.js';
import { uploadModel, type DeviceModel } from './evaluators.js';
import { oracleAblation, oracleTask } from './oracle-task.js';
import { randomNumbers } from './random.js';

/** 2 layers of 3 heads, 15 columns, so that every width is padded; 83 addition edges. */
export const SMALL: Gpt2Sizes = { layers: 2, heads: 3, headWidth: 5, mlpWidth: 13, vocab: 23, maxPositions: 9 };

const LIMITS = { maxBinding: 2 ** 30, maxWorkgroups: 65_535, budget: 1e9 };

const DEFAULTS = { method: 'eap', metric: 'logit-diff', ablation: 'resample', input: 'token' } as const;

/**
 * Prompts of different lengths, measured at their end or before it; one has several right answers, one a wrong one
 * twice.
 */
export const UNEVEN: readonly PromptPair[] = [
  { clean: [3, 14, 15, 9, 2], corrupted: [3, 14, 7, 9, 2], position: 4, correct: [6, 5], wrong: [3] },
  { clean: [11, 5, 8], corrupted: [1, 5, 22], position: 2, correct: [0], wrong: [9, 9] },
  { clean: [7, 7, 1, 20, 4, 12], corrupted: [7, 2, 1, 20, 5, 13], position: 4, correct: [21], wrong: [8, 1] },
];

/** Prompts of four tokens. */
export const EVEN: readonly PromptPair[] = [
  { clean: [3, 14, 15, 9], corrupted: [3, 1, 7, 9], position: 3, correct: [6], wrong: [3] },
  { clean: [11, 5, 8, 2], corrupted: [12, 5, 22, 2], position: 3, correct: [0], wrong: [9] },
];

export interface SmallModel extends DeviceModel {
  readonly loaded: LoadedModel;
  dispose(): void;
}

export async function smallModel(gpu: Gpu, sizes: Partial<Gpt2Sizes> = {}, seed = 5): Promise<SmallModel> {
  const loaded = await randomModel(gpt2Spec({ ...SMALL, ...sizes }), seed);
  const model = await uploadModel(gpu, loaded);
  return { ...model, loaded, dispose: () => model.weights.dispose() };
}

/** Scores on the device: EAP with resample ablation and the logit difference, unless told otherwise. */
export async function scoresOf(
  model: DeviceModel,
  pairs: readonly PromptPair[],
  options: Partial<AttributionOptions> = {},
): Promise<Float64Array> {
  return (await attributionOf(model, pairs, options)).scores;
}

/** The same, of every granularity. */
export function attributionOf(
  { weights, topology }: DeviceModel,
  pairs: readonly PromptPair[],
  options: Partial<AttributionOptions> = {},
): Promise<Attribution> {
  return attribute(weights, topology, pairs, { ...DEFAULTS, ...options });
}

/** The oracle of every prompt. */
export async function oraclesOf(
  loaded: LoadedModel,
  pairs: readonly PromptPair[],
  choice: {
    readonly metric?: MetricName;
    readonly ablation?: Ablation;
    readonly input?: InputKind;
    readonly meanSource?: MeanSource;
  } = {},
): Promise<OracleAttribution[]> {
  const model: OracleModel = await loadOracle(loaded, choice.input ?? 'token');
  const ablated = oracleAblation(oracleTask(model, pairs), choice.ablation ?? 'resample', choice.meanSource);
  return pairs.map((pair, n) => {
    return new OracleAttribution(model, pair, ablated[n]!.writers, choice.metric ?? 'logit-diff');
  });
}

/** Sum over the prompts divided by their number. */
export function meanOver(
  oracles: readonly OracleAttribution[],
  scores: (oracle: OracleAttribution) => number[],
): number[] {
  const all = oracles.map(scores);
  return all[0]!.map((_, i) => all.reduce((sum, own) => sum + own[i]!, 0) / oracles.length);
}

/** Bytes that some prompts at a time of UNEVEN are planned to take. */
export function budgetOf(
  { weights: { layout }, topology }: DeviceModel,
  prompts: number,
  sequence: number,
  options: Partial<AttributionOptions>,
): number {
  const { granularity = 'edge', ablation, backward, method } = options;
  const scratch = {
    ...(backward === 'atp-star' && { scratch: (shape: GradientShape) => fixTensors(topology, layout, shape) }),
    ...(method === 'information-flow' && { scratch: (shape: GradientShape) => flowTensors(topology, layout, shape) }),
  };
  const { answered } = planOf({ layout, topology }, UNEVEN, options).shape;
  const size = {
    prompts,
    sequence,
    runs: 1,
    granularity,
    meanGroups: ablation === 'mean' ? 1 : 0,
    ...(answered && { answered }),
    ...scratch,
  };
  return planAttribution(topology, layout, size, LIMITS).bytes;
}

/** Bytes that a scoring of some prompts is planned to take, all of them at once. */
export function plannedBytes(
  { weights: { layout }, topology }: DeviceModel,
  pairs: readonly PromptPair[],
  options: Partial<AttributionOptions>,
): number {
  return planOf({ layout, topology }, pairs, options).bytes;
}

function planOf(
  { layout, topology }: { readonly layout: Layout; readonly topology: Topology },
  pairs: readonly PromptPair[],
  options: Partial<AttributionOptions>,
): AttributionPlan {
  const settled = settleOptions({ ...DEFAULTS, ...options }, topology.layers);
  return attributionPlan(topology, layout, pairs, settled, pairs, options.runs ?? 1, LIMITS);
}

/** All addition edges. */
export function everyEdge({ topology }: DeviceModel): number[] {
  return [...Array(topology.additionEdges).keys()];
}

export function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** Random prompts of `length` tokens, each with one right and one wrong answer. */
export function randomPairs(count: number, length: number, vocab: number, seed = 3): PromptPair[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const [correct, wrong] = [random.below(vocab), random.below(vocab)];
    return {
      clean: random.ids(length, vocab),
      corrupted: random.ids(length, vocab),
      position: length - 1,
      correct: [correct],
      wrong: [wrong === correct ? (wrong + 1) % vocab : wrong],
    };
  });
}
