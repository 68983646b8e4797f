import { EdgewiseError } from '../base/errors.js';
import type { Granularity } from '../circuit/run-identity.js';
import { roomForPromptScores, type PromptScores } from '../circuit/prompt-scores.js';
import type { Topology } from '../circuit/topology.js';
import { GradientPass } from '../gradient/gradient-pass.js';
import type { GradientShape } from '../gradient/gradient-plan.js';
import { fixTensors } from '../gradient/query-key-fix.js';
import { GIM_RULES, PLAIN_RULES, relpRules, type BackwardRules } from '../block/rules.js';
import type { Layout } from '../model/layout.js';
import type { ModelWeights } from '../model/weights.js';
import { fewAnsweredTokens } from '../readout/answer-columns.js';
import { readsProbabilities } from '../readout/metric-seeds.js';
import { METRICS } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import { settleOptions, type AttributionOptions, type SettledOptions } from './options.js';
import { planAttribution, type AttributionPlan } from './attribution-plan.js';
import { flowTensors, informationFlow } from './information-flow.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import { measuredPairs, measuredPrompts, measurements } from '../evaluate/whole-answers.js';
import { DEFAULT_BUDGET, promptSizes, type RunLimits } from '../evaluate/memory-plan.js';
import { byGradients } from './by-gradients.js';

/**
 * Scores in loss form, positive = it helps, summed over prompts and divided by their number once.
 */
export interface Attribution {
  readonly granularity: Granularity;
  /**
   * Of what the granularity names: addition edges by id, writers by index, or dimensions of writers' outputs [writers,
   * width].
   */
  readonly scores: Float64Array;
  /** Of the addition edges by id, whatever the granularity; the same array as `scores` where they are what it names. */
  readonly edges: Float64Array;
  /** The same prompt by prompt, where asked for: `edges` is their mean. */
  readonly perPrompt: PromptScores | undefined;
}

/**
 * Scores every addition edge, and where asked every writer or neuron, by one of ATTRIBUTION_METHODS, see there. The
 * model runs uncut; the scores estimate what one cut would do to the metric.
 *
 * Cost in forward passes, with P for the score products of one run, edges / (12 L d) of a pass (0.3 for GPT-2 small),
 * for resample ablation: eap 3 + P, eap-ig-inputs with K steps 2 + K (2 + P), eap-ig-activations about 3 + K (2L +
 * 1), with scope `all` 3 + K (2L + 1) (3/2 + P), clean-corrupted 5 + 2P, information-flow 1. gradDrop takes the last
 * pass of eap L times, atp-star adds what query-key-fix.ts says. Scores are added up per prompt on the device and
 * over prompts in float64 in their order, so that they do not depend on how many prompts go through the device at
 * once. Scores per prompt take 4 bytes times prompts times edges beside that, and no further pass: the score of a
 * prompt is the one that it has alone. Means of a mean ablation stay those of all prompts.
 *
 * @throws EdgewiseError: usage where options do not go together, task where prompts do not fit the model, device
 * where one prompt does not fit the budget or a binding.
 */
export async function attribute(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  options: AttributionOptions,
): Promise<Attribution> {
  const settled = settleOptions(options, topology.layers);
  const source: MeanSource = options.meanSource ?? { pairs, side: 'clean' };
  checkPrompts(weights.spec, pairs, source, settled.ablation);
  const { shape } = attributionPlan(topology, weights.layout, pairs, settled, source.pairs, {
    maxBinding: weights.gpu.maxBinding,
    maxWorkgroups: weights.gpu.maxWorkgroups,
    budget: options.budget ?? DEFAULT_BUDGET,
  });
  if (settled.gradDrop && measurements(pairs) > pairs.length) {
    const what = 'takes absolute values a prompt, which a whole answer has at several positions; measure first tokens';
    throw new EdgewiseError('usage', 'grad-drop', what);
  }
  const rows = options.perPrompt
    ? {
        values: roomForPromptScores(pairs.length, topology.additionEdges, options.budget ?? DEFAULT_BUDGET),
        promptOf: measuredPrompts(settled.method === 'information-flow' ? pairs.map(() => ({})) : pairs),
      }
    : undefined;
  const onProgress = options.onProgress ?? ((): void => undefined);
  const pass = await GradientPass.create(weights, topology, shape, { input: settled.input, rules: rulesOf(settled) });
  try {
    // The flow of information knows no metric, so no answers.
    const totals =
      settled.method === 'information-flow'
        ? await informationFlow(pass, pairs, onProgress, rows)
        : await byGradients(pass, measuredPairs(pairs), settled, source, onProgress, rows);
    const share = (sums: Float64Array): Float64Array => sums.map((sum) => sum / pairs.length);
    const edges = share(totals.edges);
    return {
      granularity: settled.granularity,
      scores: totals.nodes ? share(totals.nodes) : edges,
      edges,
      perPrompt: rows && { prompts: pairs.length, edges: topology.additionEdges, values: rows.values },
    };
  } finally {
    pass.dispose();
  }
}

/**
 * The memory that such a scoring takes, and how many prompts at once.
 *
 * @throws EdgewiseError of kind device with the numbers where not even one prompt fits.
 */
export function attributionPlan(
  topology: Topology,
  layout: Layout,
  pairs: readonly PromptPair[],
  { method, metric, ablation, backward, granularity }: SettledOptions,
  meanPairs: readonly PromptPair[],
  limits: RunLimits,
): AttributionPlan {
  const answered =
    method === 'information-flow' || readsProbabilities(METRICS[metric].seed)
      ? undefined
      : fewAnsweredTokens(pairs, layout.vocabStride);
  const size = {
    ...promptSizes(pairs, meanPairs, ablation),
    granularity,
    ...(answered && { answered }),
    ...(backward === 'atp-star' && { scratch: (shape: GradientShape) => fixTensors(topology, layout, shape) }),
    ...(method === 'information-flow' && { scratch: (shape: GradientShape) => flowTensors(topology, layout, shape) }),
  };
  return planAttribution(topology, layout, size, limits);
}

function rulesOf({ backward, freezePatterns }: SettledOptions): BackwardRules {
  if (backward === 'relp') return relpRules(freezePatterns);
  return backward === 'gim' ? GIM_RULES : PLAIN_RULES;
}
