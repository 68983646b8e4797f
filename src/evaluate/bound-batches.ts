import type { Topology } from '../circuit/topology.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { Arena, sliceOf } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { BoundPass } from '../pass/pass-inputs.js';
import type { PassScratch } from '../pass/pass-frame.js';
import { PatchedPass } from '../pass/patched-pass.js';
import { rowLists } from '../pass/row-lists.js';
import type { BoundReadout, LogitsReadout } from '../readout/logits-readout.js';
import type { PromptPair } from '../task/types.js';
import { fillMeans } from './fill-means.js';
import type { MeanSource } from './mean-ablation.js';
import type { PatchOptions } from './options.js';
import { uploadIds, uploadPrompts, type PromptBatch } from './prompt-batch.js';
import { measuredPairs } from './whole-answers.js';

/** The prompts of a micro-batch, the pass that holds what it computed of them last, and what reads its end. */
export interface BoundBatch {
  readonly batch: PromptBatch;
  readonly pass: PatchedPass;
  readonly clean: BoundPass;
  readonly readout: BoundReadout;
}

/** What micro-batches are bound to. */
export interface BatchSetting {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly arena: Arena;
  readonly scratch: PassScratch;
  readonly readout: LogitsReadout;
  /** What cut edges carry, and whether circuits may cut direct ones. */
  readonly options: Pick<PatchOptions, 'ablation'> & { readonly directEdges: boolean };
}

/**
 * Makes the micro-batches of an evaluator: uploads prompts, computes what cut edges carry and what metrics compare with.
 * Every pass then holds the whole model on its clean prompts.
 *
 * @param passes gets every pass as soon as it is there; the caller disposes of them.
 */
export async function bindBatches(
  setting: BatchSetting,
  pairs: readonly PromptPair[],
  meanSource: MeanSource,
  passes: PatchedPass[],
): Promise<readonly BoundBatch[]> {
  const { weights, topology, arena, scratch, readout, options } = setting;
  const { shape } = scratch;
  const { ablation, directEdges } = options;
  const resample = ablation === 'resample';
  const measured = measuredPairs(pairs);
  const batches = uploadPrompts(arena, weights, topology, shape, measured, { directEdges, resample });
  const bound: BoundBatch[] = [];
  for (const batch of batches) {
    const pass = await PatchedPass.create(scratch);
    passes.push(pass);
    bound.push({
      batch,
      pass,
      clean: await pass.bind(arena, batch.clean),
      readout: await readout.bind(arena, batch.reference, [
        ...batch.pairs,
        ...Array.from({ length: shape.prompts - batch.pairs.length }, () => ({ correct: [], wrong: [] })),
      ]),
    });
  }
  await fillAblated(setting, bound, meanSource);
  if (directEdges) fillAblatedProjections(setting, bound);
  fillReferences(setting, bound);
  await replaceReferences(setting, bound);
  return bound;
}

/** Zero ablation needs nothing: tensors start as zeros. */
async function fillAblated(
  { weights, topology, arena, scratch, options: { ablation } }: BatchSetting,
  batches: readonly BoundBatch[],
  source: MeanSource,
): Promise<void> {
  if (ablation === 'resample') {
    for (const { batch, pass } of batches) {
      const recording = weights.gpu.record();
      const corrupted = await pass.bind(arena, batch.corrupted);
      pass.encodeWhole(recording, corrupted, EdgeSet.full(topology));
      recording.copy(pass.writers, batch.ablated);
      recording.submit();
    }
  } else if (ablation !== 'zero') {
    await fillMeans(weights, scratch.shape, batches, source, ablation === 'mean-positional');
  }
}

/** A cut direct edge carries the projection of a pass in which every writer is at its ablation value. */
function fillAblatedProjections({ weights, topology }: BatchSetting, batches: readonly BoundBatch[]): void {
  for (const { batch, pass, clean } of batches) {
    const recording = weights.gpu.record();
    const to = batch.ablatedProjections!;
    // After the values, the queries and keys are there as well.
    const values = (layer: number): void => {
      const from = pass.projections(layer);
      recording.copy(from, sliceOf(to, layer * (from.size / 4), from.size / 4));
    };
    pass.encodeWhole(recording, clean, EdgeSet.empty(topology), { taps: { values } });
    recording.submit();
  }
}

/** The last of the preparations: every pass then holds the whole model on the clean prompts. */
function fillReferences(setting: BatchSetting, batches: readonly BoundBatch[]): void {
  for (const { batch, pass, clean, readout } of batches) fillReference(setting, batch, pass, clean, readout);
}

/**
 * Where prompts say so, the KL divergence compares with the predictions of the whole model on other prompts. Cost: two
 * forward passes over the prompts of such a batch.
 */
async function replaceReferences(setting: BatchSetting, batches: readonly BoundBatch[]): Promise<void> {
  const { weights, topology, scratch } = setting;
  for (const { batch, pass, clean, readout } of batches) {
    if (batch.pairs.every(({ reference }) => reference === undefined)) continue;
    const arena = new Arena(weights.gpu);
    try {
      const pairs = batch.pairs.map(({ reference, ...pair }) => ({ ...pair, ...reference }));
      const rows = rowLists(
        scratch.shape,
        pairs.map(({ position }) => ({ position, firstDifference: 0 })),
      );
      const ids = uploadIds(arena, scratch.shape, pairs, 'clean');
      const other = await pass.bind(arena, { ...batch.clean, ids, rows, ablatedProjections: undefined });
      fillReference(setting, batch, pass, other, readout);
      await weights.gpu.finished();
      const back = weights.gpu.record();
      pass.encode(back, clean, [EdgeSet.full(topology)]);
      back.submit();
      await weights.gpu.finished();
    } finally {
      arena.dispose();
    }
  }
}

/** Keeps the log-probabilities that the whole model gives on some prompts. */
function fillReference(
  { weights, topology, scratch, readout }: BatchSetting,
  { reference }: PromptBatch,
  pass: PatchedPass,
  prompts: BoundPass,
  bound: BoundReadout,
): void {
  const recording = weights.gpu.record();
  pass.encode(recording, prompts, [EdgeSet.full(topology)]);
  readout.encodeLogits(recording, bound, 1);
  readout.encodeLogProbs(recording, bound, 1);
  const size = reference.shape.reduce((product, n) => product * n, 1);
  recording.copy(sliceOf(scratch.tensors.logits, 0, size), reference);
  recording.submit();
}
