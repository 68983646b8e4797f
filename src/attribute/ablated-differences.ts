import type { Piece } from '../block/piece.js';
import type { Ablation } from '../circuit/run-identity.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import type { Arena } from '../gpu/arena.js';
import { meanOutputs, spreadMeans, type MeanSource, type WriterRuns } from '../evaluate/mean-ablation.js';
import { paddedIds } from '../evaluate/prompt-batch.js';
import type { PromptPair } from '../task/types.js';

/**
 * Binds what puts into a pass's `differences` [W, T, d] what cut edges carry, for the prompts that the pass holds: by
 * ablation the outputs on the corrupted prompts, zeros, or means over the source prompts. The means are computed
 * here, by a pass over the source. Tensors and pieces belong to `arena`.
 */
export async function bindAblated(
  arena: Arena,
  pass: GradientPass,
  ablation: Ablation,
  source: MeanSource,
): Promise<Piece> {
  const { tensors, weights, tokens, shape } = pass.frame;
  const { differences } = tensors;
  if (ablation === 'resample') {
    return {
      encode: (recording) => pass.forward(recording, { side: 'corrupted', from: 0, outputs: 'keep in differences' }),
    };
  }
  if (ablation === 'zero') return { encode: (recording) => recording.clear(differences) };
  const means = await meanOutputs(arena, weights, outputsOf(pass), source, ablation === 'mean-positional');
  return spreadMeans({ arena, weights, tokens, sequence: shape.sequence }, means, differences);
}

/** The writers' outputs of the uncut run, which it leaves in `differences`. */
function outputsOf(pass: GradientPass): WriterRuns {
  const { tensors, weights, shape } = pass.frame;
  return {
    shape,
    outputs: tensors.differences,
    async run(pairs, side, then) {
      uploadSide(pass, pairs, side, 'clean');
      const recording = weights.gpu.record();
      pass.forward(recording, { side: 'clean', from: 0, outputs: 'keep in differences' });
      then.encode(recording);
      recording.submit();
      await weights.gpu.finished();
    },
  };
}

/**
 * Puts one side of some prompts into every run of the pass as its clean or corrupted tokens, padded on the right with
 * token 0.
 */
export function uploadSide(
  { frame: { weights, tensors, shape, runs } }: GradientPass,
  pairs: readonly PromptPair[],
  from: 'clean' | 'corrupted',
  to: 'clean' | 'corrupted',
): void {
  const ids = paddedIds(shape, pairs, from);
  const target = to === 'clean' ? tensors.cleanIds : tensors.corruptedIds;
  for (let run = 0; run < runs; run++) weights.gpu.upload(target, ids, run * ids.byteLength);
}
