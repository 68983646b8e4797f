import { groupsOf64 } from '../gpu/workgroups.js';
import type { Topology } from '../circuit/topology.js';
import type { Ablation } from '../circuit/run-identity.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { meanGroups, type MeanSource } from '../evaluate/mean-ablation.js';
import { inBatches } from '../evaluate/prompt-batch.js';

const NO_GROUP = 0xffffffff;

/** Records into a pass's `differences` what cut edges carry [W, T, width], for the prompts that the pass holds. */
export type EncodeAblated = (recording: Recording) => void;

/**
 * What cut edges carry, by ablation: the outputs on the corrupted prompts, zeros, or means over the source prompts, which
 * are computed here, by a pass over them. Tensors and operations belong to `arena`.
 */
export async function bindAblated(
  arena: Arena,
  pass: GradientPass,
  ablation: Ablation,
  source: MeanSource,
): Promise<EncodeAblated> {
  const { tensors } = pass.frame;
  if (ablation === 'resample') {
    return (recording) => pass.forward(recording, { side: 'corrupted', from: 0, outputs: 'keep in differences' });
  }
  if (ablation === 'zero') return (recording) => recording.clear(tensors.differences);
  const { weights, topology, tokens, shape } = pass.frame;
  const positional = ablation === 'mean-positional';
  const means = await meanOutputs(arena, pass, weights, topology, source, positional);
  const { width4 } = weights.layout;
  const spread = await arena.operation('spread_means', {
    buffers: { means, ablated: tensors.differences },
    params: { tokens, groups: positional ? shape.sequence : 1, width4 },
    overrides: {},
  });
  return (recording) => recording.dispatch(spread, groupsOf64(tokens * width4), topology.writers.length);
}

/** Mean output of every writer over the source prompts [W, groups, width]; see meanGroups for what goes into each mean. */
async function meanOutputs(
  arena: Arena,
  pass: GradientPass,
  weights: ModelWeights,
  topology: Topology,
  source: MeanSource,
  positional: boolean,
): Promise<Tensor> {
  const { tokens, shape, tensors } = pass.frame;
  const { gpu, spec, layout } = weights;
  const prompts = source.pairs.map((pair) => pair[source.side]);
  const { groupOf, counts } = meanGroups(prompts, positional, spec.bosTokenId);
  const groups = positional ? shape.sequence : 1;
  const writers = topology.writers.length;
  const means = arena.tensor('means', [writers, groups, 4 * layout.width4]);
  const scale = arena.upload(
    'mean scale',
    Float32Array.from({ length: groups }, (_, g) => 1 / (counts[g] ?? 1)),
  );
  const groupTable = arena.tensor('groups', [tokens]);
  const accumulate: Operation = await arena.operation('accumulate_means', {
    buffers: { writers: tensors.differences, group_of: groupTable, scale, means },
    params: { tokens, groups, width4: layout.width4 },
    overrides: {},
  });
  let first = 0;
  for (const pairs of inBatches(source.pairs, shape.prompts)) {
    uploadSide(pass, pairs, source.side, 'clean');
    const recording = gpu.record();
    pass.forward(recording, { side: 'clean', from: 0, outputs: 'keep in differences' });
    recording.submit();
    // Prompt by prompt, so that the sums do not depend on how many prompts the pass holds.
    pairs.forEach((_, n) => {
      const table = new Uint32Array(tokens).fill(NO_GROUP);
      table.set(groupOf[first + n]!, n * shape.sequence);
      gpu.upload(groupTable, table);
      const sum = gpu.record();
      sum.dispatch(accumulate, groupsOf64(groups * layout.width4), writers);
      sum.submit();
    });
    first += pairs.length;
  }
  return means;
}

/** Puts one side of some prompts into the pass as its clean or corrupted tokens, padded on the right with token 0. */
export function uploadSide(
  { frame: { weights, tensors, shape, tokens } }: GradientPass,
  pairs: readonly PromptPair[],
  from: 'clean' | 'corrupted',
  to: 'clean' | 'corrupted',
): void {
  const ids = new Uint32Array(tokens);
  pairs.forEach((pair, n) => ids.set(pair[from], n * shape.sequence));
  weights.gpu.upload(to === 'clean' ? tensors.cleanIds : tensors.corruptedIds, ids);
}
