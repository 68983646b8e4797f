import { QueryKeyFix } from '../gradient/query-key-fix.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import type { MetricEnd } from '../gradient/metric-end.js';
import type { Piece } from '../block/piece.js';
import { inBatches } from '../evaluate/prompt-batch.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { Arena, sliceOf } from '../gpu/arena.js';
import { readsReference } from '../readout/metric-seeds.js';
import { METRICS, type SeedMetric } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import { bindAblated, uploadSide } from './ablated-differences.js';
import { gradientPoints, sideBySide, type GradientPoint } from './interpolation.js';
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

/** The pass that holds the clean run, and where several runs go through the device side by side, theirs. */
export interface GradientPasses {
  readonly pass: GradientPass;
  readonly beside: GradientPass | undefined;
}

/** A pass whose runs are moved, and where their scores go. */
interface MovedPass {
  readonly pass: GradientPass;
  readonly sink: ScoreSink;
}

/** What stays the same from one micro-batch of prompts to the next. */
interface GradientRun extends MovedPass {
  readonly beside: MovedPass | undefined;
  /** Points that go through the device side by side, share after share. */
  readonly points: readonly (readonly GradientPoint[])[];
  /** Layers to leave out, one after the other; undefined leaves out none. */
  readonly dropped: readonly (number | undefined)[];
  readonly fix: QueryKeyFix | undefined;
  /** Where sums over the prompts go. */
  readonly edges: ScoreSums;
  readonly nodes: ScoreSums | undefined;
  /** Called after passes over a micro-batch, with their number. */
  readonly onPass: (passes: number) => void;
}

/** The prompts of a micro-batch as a pass needs them. */
interface GradientBatch {
  readonly end: MetricEnd;
}

/**
 * Sums over the prompts of their scores, of the methods that take gradients.
 *
 * @param rows also takes the scores of each prompt.
 */
export async function byGradients(
  { pass, beside }: GradientPasses,
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
  const onPass = (passes: number): void => {
    for (let i = 0; i < passes; i++) {
      const work = perBatch[done++ % perBatch.length]!;
      left -= work;
      worked += work;
    }
    const rest = left;
    onProgress({ done, total, work: { done: worked, left: () => rest } });
  };
  const arena = new Arena(weights.gpu);
  try {
    const corrected = settled.backward === 'atp-star';
    const use = {
      granularity: settled.granularity,
      ownGroups: points.some(({ own }) => own),
      valuesOnly: corrected,
    };
    const sink = await ScoreSink.create(arena, frame, use);
    const moved = beside && { pass: beside, sink: await ScoreSink.create(arena, beside.frame, use, sink) };
    const at = { weight: sink.weight, scores: sink.edges };
    const fix = corrected ? await QueryKeyFix.create(arena, frame, at) : undefined;
    const ablated = await bindAblated(arena, pass, settled.ablation, source);
    const edges = new ScoreSums(topology, 'edge', weights, rows);
    const nodes = sink.nodes && new ScoreSums(topology, settled.granularity, weights);
    const shares = sideBySide(points, beside?.frame.runs ?? 1);
    const run = { pass, sink, beside: moved, points: shares, dropped, fix, edges, nodes, onPass };
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
  const { gpu } = pass.frame.weights;
  const arena = new Arena(gpu);
  try {
    const end = await bindEnd(arena, pass, pairs, metric);
    const beside = run.beside && { ...run.beside, end: await bindEnd(arena, run.beside.pass, pairs, metric) };
    await prepare(pass, pairs, ablated, end, metric);
    if (beside) await prepareBeside(beside.pass, pairs, pass, run.points);
    run.onPass(1);
    for (const without of dropped) {
      for (const [i, share] of points.entries()) {
        const moved = beside && share[0]!.group !== null ? beside : { pass, sink, end };
        await scorePoints(run, moved, share, without, i === 0);
      }
      edges.add(new Float32Array(await gpu.read(sink.edges)), first, pairs.length, without !== undefined);
      if (sink.nodes) nodes?.add(new Float32Array(await gpu.read(sink.nodes)), first, pairs.length, false);
    }
  } finally {
    arena.dispose();
  }
}

/** Binds the metric of a micro-batch, the same for every run of a pass. */
function bindEnd(
  arena: Arena,
  pass: GradientPass,
  pairs: readonly PromptPair[],
  metric: SeedMetric,
): Promise<MetricEnd> {
  const { prompts, shape } = pass.frame;
  const pairOf = (n: number): PromptPair | undefined => pairs[n % shape.prompts];
  const answers = Array.from({ length: prompts }, (_, n) => pairOf(n) ?? { correct: [], wrong: [] });
  const rows = answers.map((_, n) => n * shape.sequence + (pairOf(n)?.position ?? 0));
  return pass.bindMetric(arena, metric, answers, rows);
}

/**
 * Adds the scores at some points of one group to those on the device: one after the other, whether they have a run each
 * or the pass has one.
 *
 * @param first whether the scores start from 0.
 */
async function scorePoints(
  { fix, onPass }: GradientRun,
  { pass, sink, end }: MovedPass & GradientBatch,
  points: readonly GradientPoint[],
  without: number | undefined,
  first: boolean,
): Promise<void> {
  const { weights, runs } = pass.frame;
  const { gpu } = weights;
  const { group, own } = points[0]!;
  moveTo(
    pass,
    group,
    points.map(({ amount }) => amount),
  );
  // Runs beyond the points have no weight.
  gpu.upload(
    sink.weight,
    Float32Array.from({ length: runs }, (_, run) => points[run]?.weight ?? 0),
  );
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
  onPass(points.length);
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
  moveTo(pass, null, []);
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
  moveTo(pass, null, []);
  const recording = weights.gpu.record();
  pass.forward(recording, { side: 'clean', from: 0, outputs: 'forget' });
  const rows = Array.from({ length: shape.prompts }, (_, n) => n * shape.sequence + (pairs[n]?.position ?? 0));
  pass.logProbabilities(recording, rows);
  pass.keepReference(recording);
  recording.submit();
  await weights.gpu.finished();
}

/**
 * Gives a pass of several runs what it shares with the clean run: tokens, what the metric compares with, and where
 * points start after the first group, the clean run itself.
 */
async function prepareBeside(
  beside: GradientPass,
  pairs: readonly PromptPair[],
  { frame }: GradientPass,
  points: readonly (readonly GradientPoint[])[],
): Promise<void> {
  const { weights, tensors, runs } = beside.frame;
  uploadSide(beside, pairs, 'clean', 'clean');
  moveTo(beside, null, []);
  const recording = weights.gpu.record();
  const reference = frame.tensors.reference;
  const size = reference.shape.reduce((product, n) => product * n, 1);
  for (let run = 0; run < runs; run++) {
    recording.copy(sliceOf(reference, 0, size), sliceOf(tensors.reference, run * size, size));
  }
  if (points.flat().some(({ group }) => group !== null && group > 0)) {
    beside.forward(recording, { side: 'clean', from: 0, outputs: 'forget' });
  }
  recording.submit();
  await weights.gpu.finished();
}

/** Moves later forward passes: the writers of `group` by each run's amount of their difference, all others not. */
function moveTo({ frame }: GradientPass, group: number | null, amounts: readonly number[]): void {
  const groups = frame.groups.length;
  const shift = new Float32Array(frame.runs * groups);
  if (group !== null) amounts.forEach((amount, run) => (shift[run * groups + group] = amount));
  frame.weights.gpu.upload(frame.shift, shift);
}
