import { EdgewiseError } from '../base/errors.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { PassInputs } from '../pass/input-operations.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { inBatches, uploadIds, type PromptBatch } from './prompt-batch.js';

/** Prompts whose activations are averaged. */
export interface MeanSource {
  readonly pairs: readonly PromptPair[];
  readonly side: 'clean' | 'corrupted';
}

const NO_GROUP = 0xffffffff;

/**
 * Which mean every token goes into, and how many tokens each mean has. Position-free: one group of all real tokens but a
 * leading beginning-of-text token, whose activations are unlike any other's. Positional: one group per position.
 */
export function meanGroups(
  prompts: readonly (readonly number[])[],
  positional: boolean,
  bosTokenId: number | null,
): { readonly groupOf: number[][]; readonly counts: number[] } {
  const counts: number[] = [];
  const groupOf = prompts.map((ids) =>
    ids.map((id, position) => {
      if (!positional && position === 0 && id === bosTokenId) return NO_GROUP;
      const group = positional ? position : 0;
      counts[group] = (counts[group] ?? 0) + 1;
      return group;
    }),
  );
  if (counts.length === 0) {
    throw new EdgewiseError('task', 'mean ablation', 'no prompt has a token besides the beginning-of-text token');
  }
  return { groupOf, counts };
}

/** Refuses prompts for which a mean per position makes no sense. */
export function assertEqualLengths(pairs: readonly PromptPair[], meanPairs: readonly PromptPair[]): void {
  const length = pairs[0]!.clean.length;
  for (const pair of [...pairs, ...meanPairs]) {
    if (pair.clean.length !== length) {
      const what = `mean-positional ablation needs prompts of equal length, got ${length} and ${pair.clean.length} tokens`;
      throw new EdgewiseError('task', pair.origin ?? 'prompts', what);
    }
  }
}

/**
 * Fills every batch's `ablated` [W, T, width] with the mean output of each writer over the source prompts.
 * Cost: one forward pass over the source prompts.
 */
export async function fillMeans(
  pass: PatchedPass,
  weights: ModelWeights,
  topology: Topology,
  batches: readonly PromptBatch[],
  source: MeanSource,
  positional: boolean,
): Promise<void> {
  const { shape } = pass;
  const tokens = shape.prompts * shape.sequence;
  const writers = topology.writers.length;
  const width4 = weights.layout.width4;
  const { groupOf, counts } = meanGroups(
    source.pairs.map((pair) => pair[source.side]),
    positional,
    weights.spec.bosTokenId,
  );
  const groups = positional ? shape.sequence : 1;
  const arena = new Arena(weights.gpu);
  try {
    const means = arena.tensor('means', [writers, groups, 4 * width4]);
    const scale = arena.upload(
      'mean scale',
      Float32Array.from({ length: groups }, (_, g) => 1 / (counts[g] ?? 1)),
    );
    // One batch at a time on the device: the source may be far larger than the task.
    let first = 0;
    for (const pairs of inBatches(source.pairs, shape.prompts)) {
      const groupTable = new Uint32Array(tokens).fill(NO_GROUP);
      pairs.forEach((_, n) => groupTable.set(groupOf[first + n]!, n * shape.sequence));
      first += pairs.length;
      await accumulate(pass, weights, topology, pairs, source.side, groupTable, means, scale, batches[0]!.clean);
    }
    for (const batch of batches) {
      const spread = await arena.operation('spread_means', {
        buffers: { means, ablated: batch.ablated },
        params: { tokens, groups, width4 },
        overrides: {},
      });
      const recording = weights.gpu.record();
      recording.dispatch(spread, Math.ceil((tokens * width4) / 64), writers);
      recording.submit();
    }
    await weights.gpu.finished();
  } finally {
    arena.dispose();
  }
}

/** Adds the writers' outputs over one batch of source prompts to the means. */
async function accumulate(
  pass: PatchedPass,
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  side: MeanSource['side'],
  groupTable: Uint32Array<ArrayBuffer>,
  means: Tensor,
  scale: Tensor,
  { rows, ablated }: Pick<PassInputs, 'rows' | 'ablated'>,
): Promise<void> {
  const [writers, groups, width] = means.shape as [number, number, number];
  const arena = new Arena(weights.gpu);
  try {
    const operation = await arena.operation('accumulate_means', {
      buffers: {
        writers: pass.writers,
        group_of: arena.upload('groups', groupTable),
        scale,
        means,
      },
      params: { tokens: groupTable.length, groups, width4: width / 4 },
      overrides: {},
    });
    // The whole model reads no ablated value, and its writers do not depend on the rows that are measured.
    const ids = uploadIds(arena, pass.shape, pairs, side);
    const bound = await pass.bind(arena, { ids, rows, ablated, ablatedProjections: undefined });
    const recording = weights.gpu.record();
    pass.encodeWhole(recording, bound, EdgeSet.full(topology));
    recording.dispatch(operation, Math.ceil((groups * width) / 4 / 64), writers);
    recording.submit();
    await weights.gpu.finished();
  } finally {
    arena.dispose();
  }
}
