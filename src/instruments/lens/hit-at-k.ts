import type { EdgeSet } from '../../circuit/edge-set.js';
import type { TaskEvaluator } from '../../evaluate/task-evaluator.js';
import { measuredPrompts } from '../../evaluate/whole-answers.js';
import type { LensReport } from '../../files/own/lens-json.js';
import { sliceOf } from '../../gpu/arena.js';
import type { ModelWeights } from '../../model/weights.js';
import type { PromptPair } from '../../task/types.js';
import type { Rows } from './observed-runs.js';
import { eachLogits, rankOf } from './stream-logits.js';

type HitAtK = NonNullable<LensReport['hit_at_k']>;

/** Places that a right answer may have to be a hit. */
const K = [1, 5, 10] as const;

/** The rows that the final norm gives in a circuit, at the measured position of every prompt [N, 4 width4]. */
export async function rowsInCircuit(
  evaluator: TaskEvaluator,
  kept: EdgeSet,
  pairs: readonly PromptPair[],
): Promise<Rows> {
  const batches = await evaluator.observe(kept, ({ arena, pass, pairs: measured }) => ({
    taps: {},
    read: async () => {
      const width = pass.tensors.normed.shape.at(-1)!;
      const rows = new Float32Array(await arena.gpu.read(sliceOf(pass.tensors.normed, 0, measured.length * width)));
      return measured.map((_, n) => rows.subarray(n * width, (n + 1) * width));
    },
  }));
  // A whole answer is measured at several positions. Its first token counts.
  const prompts = measuredPrompts(pairs);
  const first = batches.flat().filter((_, m) => m === 0 || prompts[m] !== prompts[m - 1]);
  return Float32Array.from(first.flatMap((row) => [...row]));
}

/**
 * Share of the prompts whose best right answer is among the k most probable tokens, of the model and of a circuit (Yao
 * et al. 2024, arXiv:2405.17969).
 *
 * @param pairs with right answers.
 * @param streams what the final norm reads in the whole model [N, 4 width4].
 * @param inCircuit what it gives in the circuit; null without one.
 */
export async function hitAtK(
  weights: ModelWeights,
  pairs: readonly PromptPair[],
  streams: Rows,
  inCircuit: Rows | null,
  maxBytes: number,
): Promise<HitAtK> {
  const hits = async (rows: Rows, normed: boolean): Promise<HitAtK['model']> => {
    const ranks: number[] = [];
    await eachLogits(weights, { rows, normed, maxBytes }, (n, logits) => {
      ranks.push(rankOf(logits, pairs[n]!.correct));
    });
    return { hit: K.map((k) => ranks.filter((rank) => rank < k).length / ranks.length), ranks };
  };
  return {
    k: [...K],
    model: await hits(streams, false),
    ...(inCircuit && { circuit: await hits(inCircuit, true) }),
  };
}
