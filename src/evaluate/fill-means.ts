import { EdgeSet } from '../circuit/edge-set.js';
import { Arena } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PassShape } from '../pass/pass-plan.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { meanOutputs, spreadMeans, type MeanSource, type WriterRuns } from './mean-ablation.js';
import { paddedIds, type PromptBatch } from './prompt-batch.js';

/** A micro-batch whose ablated values are filled. */
export interface MeanBatch {
  readonly batch: PromptBatch;
  readonly pass: PatchedPass;
}

/**
 * Fills the ablated values of all batches with mean outputs over the source prompts, which run through the first
 * batch's pass. Cost: one forward pass over them.
 */
export async function fillMeans(
  weights: ModelWeights,
  shape: PassShape,
  batches: readonly MeanBatch[],
  source: MeanSource,
  positional: boolean,
): Promise<void> {
  const { batch: first, pass } = batches[0]!;
  const arena = new Arena(weights.gpu);
  try {
    const ids = arena.tensor('tokens of the source', [shape.prompts * shape.sequence]);
    // The whole model reads no ablated value, and no writer depends on the rows of the metric.
    const { rows, ablated } = first.clean;
    const bound = await pass.bind(arena, { ids, rows, ablated, ablatedProjections: undefined });
    const writers: WriterRuns = {
      shape,
      outputs: pass.writers,
      async run(pairs, side, then) {
        weights.gpu.upload(ids, paddedIds(shape, pairs, side));
        const recording = weights.gpu.record();
        pass.encodeWhole(recording, bound, EdgeSet.full(pass.topology));
        then.encode(recording);
        recording.submit();
        await weights.gpu.finished();
      },
    };
    const means = await meanOutputs(arena, weights, writers, source, positional);
    const context = { arena, weights, tokens: shape.prompts * shape.sequence, sequence: shape.sequence };
    for (const { batch } of batches) {
      const spread = await spreadMeans(context, means, batch.ablated);
      const recording = weights.gpu.record();
      spread.encode(recording);
      recording.submit();
    }
    await weights.gpu.finished();
  } finally {
    arena.dispose();
  }
}
