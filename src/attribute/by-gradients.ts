import { QueryKeyFix } from '../gradient/query-key-fix.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import type { MetricEnd } from '../gradient/metric-end.js';
import type { Piece } from '../block/piece.js';
import { inBatches } from '../evaluate/prompt-batch.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { Arena } from '../gpu/arena.js';
import { readsReference } from '../readout/metric-seeds.js';
import { METRICS, type SeedMetric } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import { bindAblated, uploadSide } from './ablated-differences.js';
import { gradientPoints, type GradientPoint } from './interpolation.js';
import type { AttributionProgress, SettledOptions } from './options.js';
import { ScoreSink } from './score-buffers.js';
import { ScoreSums, type PromptRows } from './score-sums.js';

/** Sums of scores over the prompts. */
export interface ScoreTotals {
  readonly edges: Float64Array;
  /** Of writers or their dimensions, where asked for. */
  readonly nodes: Float64Array | undefined;
}

/**
 * Parts of a pass that the gradient at a point takes: forwards from its group on, and twice as much on the way back.
 */
function workAt({ group, own }: GradientPoint, groups: number): number {
  const forwards = group === null ? 0 : groups - group;
  return forwards + 2 * (groups - (own ? (group ?? 0) : 0));
}

/** What stays the same from one micro-batch of prompts to the next. */
interface GradientRun {
  readonly pass: GradientPass;
  readonly points: readonly GradientPoint[];
  /** Layers to leave out, one after the other; undefined leaves out none. */
  readonly dropped: readonly (number | undefined)[];
  readonly sink: ScoreSink;
  readonly fix: QueryKeyFix | undefined;
  /** Where sums over the prompts go. */
  readonly edges: ScoreSums;
  readonly nodes: ScoreSums | undefined;
  /** Called after every pass over a micro-batch. */
  readonly onPass: () => void;
}

/** The prompts of a micro-batch as a pass needs them. */
interface GradientBatch {
  readonly prompts: number;
  readonly end: MetricEnd;
}

/**
 * Sums over the prompts of their scores, of the methods that take gradients.
 *
 * @param rows also takes the scores of each prompt.
 */
export async function byGradients(
  pass: GradientPass,
  pairs: readonly PromptPair[],
  settled: SettledOptions,
  source: MeanSource,
  onProgress: (progress: AttributionProgress) => void,
  rows?: PromptRows,
): Promise<ScoreTotals> {
  const { frame } = pass;
  const { topology, weights, shape, groups } = frame;
  // Compared with the prediction of another prompt, the clean run is no minimum of the KL divergence.
  const compared = comparesWithOthers(settled.metric, pairs);
  const points = gradientPoints(compared ? { ...settled, metric: '' } : settled, groups);
  const batches = inBatches(pairs, shape.prompts);
  const dropped = settled.gradDrop ? [...weights.layers.keys()] : [undefined];
  // Per micro-batch both sides forwards, what the clean run is compared with if that is another, then every point.
  const perBatch = [
    (compared ? 3 : 2) * groups.length,
    ...dropped.flatMap(() => points.map((point) => workAt(point, groups.length))),
  ];
  const total = batches.length * perBatch.length;
  let [done, worked] = [0, 0];
  let left = batches.length * perBatch.reduce((sum, work) => sum + work, 0);
  const onPass = (): void => {
    const work = perBatch[done % perBatch.length]!;
    left -= work;
    const rest = left;
    onProgress({ done: ++done, total, work: { done: (worked += work), left: () => rest } });
  };
  const arena = new Arena(weights.gpu);
  try {
    const corrected = settled.backward === 'atp-star';
    const sink = await ScoreSink.create(arena, frame, {
      granularity: settled.granularity,
      ownGroups: points.some(({ own }) => own),
      valuesOnly: corrected,
    });
    const at = { weight: sink.weight, scores: sink.edges };
    const fix = corrected ? await QueryKeyFix.create(arena, frame, at) : undefined;
    const ablated = await bindAblated(arena, pass, settled.ablation, source);
    const edges = new ScoreSums(topology, 'edge', weights, rows);
    const nodes = sink.nodes && new ScoreSums(topology, settled.granularity, weights);
    const run = { pass, points, dropped, sink, fix, edges, nodes, onPass };
    let first = 0;
    for (const batch of batches) {
      await scoreBatch(run, batch, first, ablated, settled);
      first += batch.length;
    }
    return { edges: edges.values, nodes: nodes?.values };
  } finally {
    arena.dispose();
  }
}

/** @param first number of measurements before this batch. */
async function scoreBatch(
  run: GradientRun,
  pairs: readonly PromptPair[],
  first: number,
  ablated: Piece,
  { metric }: SettledOptions,
): Promise<void> {
  const { pass, sink, edges, nodes, dropped, points } = run;
  const { shape, weights } = pass.frame;
  const { gpu } = weights;
  const arena = new Arena(gpu);
  try {
    const answers = Array.from({ length: shape.prompts }, (_, n) => pairs[n] ?? { correct: [], wrong: [] });
    const rows = answers.map((_, n) => n * shape.sequence + (pairs[n]?.position ?? 0));
    const end = await pass.bindMetric(arena, metric, answers, rows);
    const batch = { prompts: pairs.length, end };
    await prepare(pass, pairs, ablated, end, metric);
    run.onPass();
    for (const without of dropped) {
      for (const [i, point] of points.entries()) await scorePoint(run, batch, point, without, i === 0);
      edges.add(new Float32Array(await gpu.read(sink.edges)), first, batch.prompts, without !== undefined);
      if (sink.nodes) nodes?.add(new Float32Array(await gpu.read(sink.nodes)), first, batch.prompts, false);
    }
  } finally {
    arena.dispose();
  }
}

/** Adds the scores at one point to those on the device. @param first whether they start from 0. */
async function scorePoint(
  { pass, sink, fix, onPass }: GradientRun,
  { end }: GradientBatch,
  { group, amount, weight, own }: GradientPoint,
  without: number | undefined,
  first: boolean,
): Promise<void> {
  const { gpu } = pass.frame.weights;
  moveTo(pass, group, amount);
  gpu.upload(sink.weight, Float32Array.of(weight));
  const recording = gpu.record();
  if (first) sink.clear(recording);
  if (group !== null) {
    pass.forward(recording, { side: 'clean', from: group, outputs: 'forget' });
    end.forwards.encode(recording);
  }
  const only = own ? group : null;
  pass.backward(recording, end, {
    until: only ?? 0,
    ...(without !== undefined && { without }),
    taps: {
      ...sink.taps(recording, only),
      ...(fix && { pattern: (layer: number) => fix.encode(recording, layer) }),
    },
  });
  recording.submit();
  await gpu.finished();
  onPass();
}

/** Whether the metric compares with what the clean run predicts on other prompts. */
function comparesWithOthers(metric: SeedMetric, pairs: readonly PromptPair[]): boolean {
  return readsReference(METRICS[metric].seed) && pairs.some(({ reference }) => reference !== undefined);
}

/**
 * Leaves the clean run in the pass up to where the metric's gradient begins, and in `differences` what cut edges would
 * carry minus the outputs of the clean run.
 */
async function prepare(
  pass: GradientPass,
  pairs: readonly PromptPair[],
  ablated: Piece,
  end: MetricEnd,
  metric: SeedMetric,
): Promise<void> {
  const { gpu } = pass.frame.weights;
  const compared = pairs.map(({ reference, ...pair }) => ({ ...pair, ...reference }));
  const isOther = comparesWithOthers(metric, pairs);
  if (isOther) await keepReferences(pass, compared);
  uploadSide(pass, pairs, 'clean', 'clean');
  uploadSide(pass, pairs, 'corrupted', 'corrupted');
  moveTo(pass, null, 0);
  const recording = gpu.record();
  ablated.encode(recording);
  pass.forward(recording, { side: 'clean', from: 0, outputs: 'subtract from differences' });
  end.forwards.encode(recording);
  if (readsReference(METRICS[metric].seed) && !isOther) pass.keepReference(recording);
  recording.submit();
  await gpu.finished();
}

/** Takes the predictions of the clean run on other prompts as what the KL divergence compares with. */
async function keepReferences(pass: GradientPass, pairs: readonly PromptPair[]): Promise<void> {
  const { shape, weights } = pass.frame;
  uploadSide(pass, pairs, 'clean', 'clean');
  moveTo(pass, null, 0);
  const recording = weights.gpu.record();
  pass.forward(recording, { side: 'clean', from: 0, outputs: 'forget' });
  const rows = Array.from({ length: shape.prompts }, (_, n) => n * shape.sequence + (pairs[n]?.position ?? 0));
  pass.logProbabilities(recording, rows);
  pass.keepReference(recording);
  recording.submit();
  await weights.gpu.finished();
}

/** Moves later forward passes: the writers of `group` by `amount` of their difference, all others not. */
function moveTo({ frame }: GradientPass, group: number | null, amount: number): void {
  const shift = new Float32Array(frame.groups.length);
  if (group !== null) shift[group] = amount;
  frame.weights.gpu.upload(frame.shift, shift);
}
