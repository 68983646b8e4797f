import { EdgeSet } from '../circuit/edge-set.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { addToMeans, onlyFirst } from '../evaluate/mean-ablation.js';
import { uploadIds } from '../evaluate/prompt-batch.js';
import { Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { BoundPass } from '../pass/pass-inputs.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { rowLists } from '../pass/row-lists.js';
import type { PromptPair } from '../task/types.js';
import { answerRanks } from './answer-ranks.js';
import { AttentionCopies, type HeadPatterns } from './attention-copies.js';
import { bindDirectEffects } from './direct-effects.js';
import { bindPredictions, type Prediction } from './likeliest.js';
import { normScales } from './norm-scales.js';
import { usesOf, type UsedCircuit, type Uses, type ValueRead } from './uses.js';
import { addWrittenRows, type WrittenRows } from './written-rows.js';

/** What is wanted of a batch of prompts. */
export interface BatchUse {
  readonly input: InputKind;
  readonly asked: readonly number[];
  /** The heads among them. */
  readonly heads: readonly number[];
  /** Receives `weight` times the sum over the batch's prompts of the writers' outputs through the final norm. */
  readonly means: Tensor;
  readonly weight: number;
  /** The circuit whose uses are followed. */
  readonly used: (UsedCircuit & { readonly reads: readonly ValueRead[]; readonly rows: WrittenRows }) | undefined;
  /** Index of the batch's first prompt among all. */
  readonly first: number;
  /** Whether every prompt of the task has right answers. */
  readonly ranked: boolean;
  /** Most bytes of logits on the device at once. */
  readonly maxBytes: number;
}

/** What was measured of a batch. Lists have one entry per prompt of the batch. */
export interface BatchBehaviour {
  readonly attention: HeadPatterns;
  readonly corruptedAttention: HeadPatterns;
  /** By writer. */
  readonly direct: readonly (readonly number[])[];
  readonly constants: readonly number[];
  readonly predictions: readonly Prediction[];
  /** By asked writer; null without answers. */
  readonly answerRanks: readonly (readonly number[])[] | null;
  readonly uses: Uses | null;
}

/** Runs the whole model over both sides of a batch of prompts and measures some of its nodes. */
export async function inspectBatch(
  pass: PatchedPass,
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  use: BatchUse,
): Promise<BatchBehaviour> {
  const { gpu } = weights;
  const { shape } = pass;
  const { input, asked, heads, means, weight, used } = use;
  const lengths = pairs.map(({ clean }) => clean.length);
  const arena = new Arena(gpu);
  try {
    const rows = rowLists(
      shape,
      pairs.map(({ position }) => ({ position, firstDifference: 0 })),
    );
    // The whole model reads no ablated value, but something must be bound.
    const bind = (side: 'clean' | 'corrupted'): Promise<BoundPass> =>
      pass.bind(arena, {
        ids: uploadIds(arena, shape, pairs, side),
        rows,
        ablated: pass.writers,
        ablatedProjections: undefined,
      });
    const effects = await bindDirectEffects(arena, { pass, weights, input, metricTokens: rows.logits, pairs });
    const predictions = await bindPredictions(arena, pass, weights, pairs);
    const context = { arena, weights, tokens: shape.prompts, sequence: 1 };
    const addParts = await addToMeans(context, {
      outputs: effects.parts,
      groupOf: arena.upload('prompts that count', onlyFirst(pairs.length, shape.prompts)),
      scale: Float32Array.of(weight),
      means,
    });

    const clean = await bind('clean');
    const recording = gpu.record();
    const copies = new AttentionCopies(recording, pass, topology, heads);
    pass.encodeWhole(recording, clean, EdgeSet.full(topology), { taps: copies.taps });
    effects.encode(recording);
    addParts.encode(recording);
    const predicted = predictions.encode(recording);
    const dotCopies = [recording.readback(effects.dots), recording.readback(effects.constantDots)];
    recording.submit();
    const [attention, top, [dots, constants]] = await Promise.all([
      copies.read(lengths, shape.sequence),
      predicted(),
      Promise.all(dotCopies.map(async (copy) => new Float32Array(await copy()))),
    ]);
    const ranks = use.ranked ? await ranksOf(weights, effects.parts, pairs, use, shape.prompts) : null;
    const prompts = pairs.map(({ clean: { length }, position }) => ({ length, position }));
    const uses = used ? usesOf(used, used.reads, prompts, use.first, attention) : null;
    if (used) {
      const scales = await normScales(arena, pass, weights, input);
      await addWrittenRows(arena, pass, weights, used.rows, {
        asked,
        reads: used.reads,
        uses: uses!,
        scales,
        prompts: pairs.length,
        weight,
      });
    }
    const ofPrompts = (values: Float32Array, first: number): number[] => [
      ...values.subarray(first, first + pairs.length),
    ];
    return {
      attention,
      // It takes the place of the clean run.
      corruptedAttention: await attentionOf(pass, weights, topology, await bind('corrupted'), heads, lengths),
      direct: topology.writers.map((_, writer) => ofPrompts(dots!, writer * shape.prompts)),
      constants: ofPrompts(constants!, 0),
      predictions: top,
      answerRanks: ranks,
      uses,
    };
  } finally {
    arena.dispose();
  }
}

async function attentionOf(
  pass: PatchedPass,
  { gpu }: ModelWeights,
  topology: Topology,
  bound: BoundPass,
  heads: readonly number[],
  lengths: readonly number[],
): Promise<HeadPatterns> {
  const recording = gpu.record();
  const copies = new AttentionCopies(recording, pass, topology, heads);
  pass.encodeWhole(recording, bound, EdgeSet.full(topology), { taps: copies.taps });
  recording.submit();
  return copies.read(lengths, pass.shape.sequence);
}

/** Per asked writer and prompt the place of the answer. @param parts [W, N, d] */
async function ranksOf(
  weights: ModelWeights,
  parts: Tensor,
  pairs: readonly PromptPair[],
  { asked, maxBytes }: BatchUse,
  prompts: number,
): Promise<number[][]> {
  const rows = asked.flatMap((writer) => pairs.map(({ correct }, n) => ({ row: writer * prompts + n, correct })));
  const ranks = await answerRanks(weights, parts, rows, maxBytes);
  return asked.map((_, i) => ranks.slice(i * pairs.length, (i + 1) * pairs.length));
}
