import { EdgewiseError } from '../base/errors.js';
import type { Piece, PieceContext } from '../block/piece.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { inBatches } from './prompt-batch.js';

/** Prompts whose activations are averaged. */
export interface MeanSource {
  readonly pairs: readonly PromptPair[];
  readonly side: 'clean' | 'corrupted';
}

/** The group of a token that goes into no mean. */
const NO_GROUP = 0xffffffff;

/**
 * Which mean every token goes into, and how many tokens each mean has. Position-free: one group of all real tokens
 * but a leading beginning-of-text token, whose activations are unlike any other's. Positional: one group per
 * position.
 *
 * @throws EdgewiseError of kind task where no token is left.
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

/** What gives the outputs of all writers of the whole model on some prompts: either pass. */
export interface WriterRuns {
  /** Prompts at most, and tokens of each. */
  readonly shape: { readonly prompts: number; readonly sequence: number };
  /** The outputs after `run` [W, T, d]. */
  readonly outputs: Tensor;
  /** Submits a pass over one side of some prompts, and whatever `then` records after it. */
  run(pairs: readonly PromptPair[], side: MeanSource['side'], then: Piece): Promise<void>;
}

/**
 * Mean output of every writer over the source prompts [W, groups, d]; see meanGroups for what goes into each mean. One
 * batch at a time is on the device: the source may be far larger than the task. Cost: one forward pass over the source.
 */
export async function meanOutputs(
  arena: Arena,
  weights: ModelWeights,
  writers: WriterRuns,
  source: MeanSource,
  positional: boolean,
): Promise<Tensor> {
  const { shape, outputs } = writers;
  const tokens = shape.prompts * shape.sequence;
  const prompts = source.pairs.map((pair) => pair[source.side]);
  const { groupOf, counts } = meanGroups(prompts, positional, weights.spec.bosTokenId);
  const groups = positional ? shape.sequence : 1;
  const means = arena.tensor('means', [outputs.shape[0]!, groups, outputs.shape[2]!]);
  const scale = Float32Array.from({ length: groups }, (_, g) => 1 / (counts[g] ?? 1));
  const groupTable = arena.tensor('groups of tokens', [tokens]);
  const context = { arena, weights, tokens, sequence: shape.sequence };
  const add = await addToMeans(context, { outputs, groupOf: groupTable, scale, means });
  let first = 0;
  for (const pairs of inBatches(source.pairs, shape.prompts)) {
    const table = new Uint32Array(tokens).fill(NO_GROUP);
    pairs.forEach((_, n) => table.set(groupOf[first + n]!, n * shape.sequence));
    weights.gpu.upload(groupTable, table);
    await writers.run(pairs, source.side, add);
    first += pairs.length;
  }
  return means;
}

/** What is added to means. */
export interface MeanAddition {
  /** [W, T, d] */
  readonly outputs: Tensor;
  /** Per token its group [T]; see onlyFirst for a table. */
  readonly groupOf: Tensor;
  /** Per group what its tokens are multiplied with: 1 / their number. */
  readonly scale: Float32Array<ArrayBuffer>;
  /** [W, groups, d] */
  readonly means: Tensor;
}

/** means[u, g] += scale[g] times the outputs of writer u at the tokens of group g, in their order. */
export async function addToMeans(
  { arena, weights, tokens }: PieceContext,
  { outputs, groupOf, scale, means }: MeanAddition,
): Promise<Piece> {
  const [writers, groups] = means.shape as [number, number, number];
  const { width4 } = weights.layout;
  const operation = await arena.operation('accumulate_means', {
    buffers: { writers: outputs, group_of: groupOf, scale: arena.upload('mean scale', scale), means },
    params: { tokens, groups, width4 },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(groups * width4), writers) };
}

/** A table of groups that puts the first `count` of `rows` tokens into one mean. */
export function onlyFirst(count: number, rows: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(rows).fill(NO_GROUP).fill(0, 0, count);
}

/**
 * Gives every token its mean: means [W, groups, d] -> ablated [W, T, d]. One mean is every token's, or each position
 * has one.
 */
export async function spreadMeans(
  { arena, weights, tokens }: PieceContext,
  means: Tensor,
  ablated: Tensor,
): Promise<Piece> {
  const [writers, groups] = means.shape as [number, number, number];
  const { width4 } = weights.layout;
  const operation = await arena.operation('spread_means', {
    buffers: { means, ablated },
    params: { tokens, groups, width4 },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(tokens * width4), writers) };
}
