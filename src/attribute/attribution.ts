import { EdgewiseError } from '../base/errors.js';
import type { Granularity } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { GradientPass } from '../gradient/gradient-pass.js';
import type { GradientShape } from '../gradient/gradient-plan.js';
import { QueryKeyFix, fixTensors } from '../gradient/query-key-fix.js';
import { GIM_RULES, PLAIN_RULES, relpRules, type BackwardRules } from '../gradient/rules.js';
import { Arena } from '../gpu/arena.js';
import type { Layout } from '../model/layout.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { bindAblated, uploadSide, type EncodeAblated } from './ablated-differences.js';
import { settleOptions, type AttributionOptions, type SettledOptions } from './options.js';
import { planAttribution, type AttributionPlan } from './attribution-plan.js';
import { flowTensors, informationFlow } from './information-flow.js';
import { gradientPoints } from './interpolation.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import { inBatches } from '../evaluate/prompt-batch.js';
import { measuredPairs, measurements } from '../evaluate/whole-answers.js';
import { DEFAULT_BUDGET, promptSizes, type RunLimits } from '../evaluate/memory-plan.js';
import { ScoreSink } from './score-buffers.js';
import { ScoreSums } from './score-sums.js';

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
}

/** Sums of scores over the prompts. */
export interface ScoreTotals {
  readonly edges: Float64Array;
  /** Of writers or their dimensions, where asked for. */
  readonly nodes: Float64Array | undefined;
}

/**
 * Scores every addition edge, and where asked every writer or neuron, by one of ATTRIBUTION_METHODS, see there. The model
 * runs uncut; the scores estimate what one cut would do to the metric.
 *
 * Cost in forward passes, with P for the score products of one run, edges / (12 L d) of a pass (0.3 for GPT-2 small), for
 * resample ablation: eap 3 + P, eap-ig-inputs with K steps 2 + K (2 + P), eap-ig-activations about 3 + K (2L + 1), with
 * scope `all` 3 + K (2L + 1) (3/2 + P), clean-corrupted 5 + 2P, information-flow 1. gradDrop takes the last pass of eap L
 * times, atp-star adds what query-key-fix.ts says. Scores are added up per prompt on the device and over prompts in
 * float64 in their order, so that they do not depend on how many prompts go through the device at once.
 *
 * @throws EdgewiseError: usage where options do not go together, task where prompts do not fit the model, device where
 *   one prompt does not fit the budget or a binding.
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
  // The flow of information knows no metric, so no answers.
  const measured = settled.method === 'information-flow' ? pairs : measuredPairs(pairs);
  const positionsInInput = settled.input === 'token+position';
  const pass = await GradientPass.create(weights, topology, shape, positionsInInput, rulesOf(settled));
  try {
    const run = settled.method === 'information-flow' ? informationFlow : byGradients;
    const totals = await run(pass, measured, settled, source, options.onProgress ?? (() => undefined));
    const share = (sums: Float64Array): Float64Array => sums.map((sum) => sum / pairs.length);
    const edges = share(totals.edges);
    return { granularity: settled.granularity, scores: totals.nodes ? share(totals.nodes) : edges, edges };
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
  { method, ablation, backward, granularity }: SettledOptions,
  meanPairs: readonly PromptPair[],
  limits: RunLimits,
): AttributionPlan {
  const size = {
    ...promptSizes(pairs, meanPairs, ablation),
    granularity,
    ...(backward === 'atp-star' && { scratch: (shape: GradientShape) => fixTensors(topology, layout, shape) }),
    ...(method === 'information-flow' && { scratch: (shape: GradientShape) => flowTensors(topology, layout, shape) }),
  };
  return planAttribution(topology, layout, size, limits);
}

function rulesOf({ backward, freezePatterns }: SettledOptions): BackwardRules {
  if (backward === 'relp') return relpRules(freezePatterns);
  return backward === 'gim' ? GIM_RULES : PLAIN_RULES;
}

/** Sums over the prompts of their scores, of the methods that take gradients. */
async function byGradients(
  pass: GradientPass,
  pairs: readonly PromptPair[],
  settled: SettledOptions,
  source: MeanSource,
  onProgress: NonNullable<AttributionOptions['onProgress']>,
): Promise<ScoreTotals> {
  const { frame } = pass;
  const { topology, weights, shape, groups } = frame;
  const { gpu } = weights;
  const points = gradientPoints(settled, groups);
  const batches = inBatches(pairs, shape.prompts);
  const dropped = settled.gradDrop ? [...weights.layers.keys()] : [undefined];
  const total = batches.length * (1 + dropped.length * points.length);
  let done = 0;
  const arena = new Arena(gpu);
  try {
    const corrected = settled.backward === 'atp-star';
    const sink = await ScoreSink.create(arena, frame, {
      granularity: settled.granularity,
      ownGroups: points.some(({ own }) => own),
      valuesOnly: corrected,
    });
    const fix = corrected ? await QueryKeyFix.create(arena, frame, sink.weight, sink.edges) : undefined;
    const ablated = await bindAblated(arena, pass, settled.ablation, source);
    const edges = new ScoreSums(topology, 'edge', weights);
    const nodes = sink.nodes && new ScoreSums(topology, settled.granularity, weights);
    for (const batch of batches) {
      const own = new Arena(gpu);
      try {
        const answers = Array.from({ length: shape.prompts }, (_, n) => batch[n] ?? { correct: [], wrong: [] });
        const seeds = await pass.bindSeeds(own, settled.metric, answers);
        const rows = answers.map((_, n) => n * shape.sequence + (batch[n]?.position ?? 0));
        await prepare(pass, batch, ablated, rows);
        onProgress({ done: ++done, total });
        for (const without of dropped) {
          for (const [i, { group, amount, weight, own: ownOnly }] of points.entries()) {
            moveTo(pass, group, amount);
            gpu.upload(sink.weight, Float32Array.of(weight));
            const recording = gpu.record();
            if (i === 0) sink.clear(recording);
            if (group !== null) {
              pass.forward(recording, { side: 'clean', from: group, outputs: 'forget' });
              pass.logProbabilities(recording, rows);
            }
            const only = ownOnly ? group : null;
            pass.backward(recording, seeds, rows, {
              until: only ?? 0,
              ...(without !== undefined && { without }),
              ...sink.taps(recording, only),
              ...(fix && { onPatterns: (ports) => fix.encode(recording, ports) }),
            });
            recording.submit();
            await gpu.finished();
            onProgress({ done: ++done, total });
          }
          edges.add(new Float32Array(await gpu.read(sink.edges)), batch.length, without !== undefined);
          if (sink.nodes) nodes?.add(new Float32Array(await gpu.read(sink.nodes)), batch.length, false);
        }
      } finally {
        own.dispose();
      }
    }
    return { edges: edges.values, nodes: nodes?.values };
  } finally {
    arena.dispose();
  }
}

/**
 * Leaves the clean run's streams and log-probabilities in the pass, and what edges would carry minus its outputs in
 * `differences`.
 */
async function prepare(
  pass: GradientPass,
  batch: readonly PromptPair[],
  ablated: EncodeAblated,
  rows: readonly number[],
): Promise<void> {
  const { gpu } = pass.frame.weights;
  uploadSide(pass, batch, 'clean', 'clean');
  uploadSide(pass, batch, 'corrupted', 'corrupted');
  moveTo(pass, null, 0);
  const recording = gpu.record();
  ablated(recording);
  pass.forward(recording, { side: 'clean', from: 0, outputs: 'subtract from differences' });
  pass.logProbabilities(recording, rows);
  pass.keepReference(recording);
  recording.submit();
  await gpu.finished();
}

/** Moves later forward passes: the writers of `group` by `amount` of their difference, all others not. */
function moveTo({ frame }: GradientPass, group: number | null, amount: number): void {
  const shift = new Float32Array(frame.groups.length);
  if (group !== null) shift[group] = amount;
  frame.weights.gpu.upload(frame.shift, shift);
}
