import { norm } from '../../block/norm.js';
import { modelLogits } from '../../block/unembedding.js';
import { Arena } from '../../gpu/arena.js';
import { rowsAtOnce } from '../../inspect/top-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import type { Rows } from './observed-runs.js';

/** Rows of which the logits are wanted. */
export interface LogitRows {
  /** [rows, 4 width4] */
  readonly rows: Rows;
  /** Whether they went through the final norm. */
  readonly normed: boolean;
  /** Most bytes of logits at once, here and on the device. */
  readonly maxBytes: number;
}

/**
 * The model's logits of rows, with bias and softcap. Rows of the stream go through the final norm, whose scale is their
 * own. Cost: 2 d V FLOPs a row.
 *
 * @param onRow is given the logits [V] of every row in turn. They are gone afterwards.
 */
export async function eachLogits(
  weights: ModelWeights,
  { rows, normed, maxBytes }: LogitRows,
  onRow: (row: number, logits: Float32Array) => void,
): Promise<void> {
  const { gpu, spec, layout, finalNorm } = weights;
  const width = 4 * layout.width4;
  // What is read back lies in a second buffer.
  const atOnce = rowsAtOnce(weights, maxBytes / 2);
  for (let first = 0; first * width < rows.length; first += atOnce) {
    const part = rows.slice(first * width, (first + atOnce) * width);
    const count = part.length / width;
    const arena = new Arena(gpu);
    try {
      const x = arena.upload('rows', part);
      const y = arena.tensor('normed rows', [count, width]);
      const logits = arena.tensor('their logits', [count, layout.vocabStride]);
      const through = await norm({ arena, weights }, normed ? null : finalNorm, { x, y }, count);
      const unembedding = await modelLogits({ arena, weights }, { normed: y, logits }, count);
      const recording = gpu.record();
      through.encode(recording);
      unembedding.encode(recording);
      const copy = recording.readback(logits);
      recording.submit();
      const values = new Float32Array(await copy());
      for (let i = 0; i < count; i++) {
        onRow(first + i, values.subarray(i * layout.vocabStride, i * layout.vocabStride + spec.vocab));
      }
    } finally {
      arena.dispose();
    }
  }
}

/** How many logits are strictly larger than the best one of some tokens. */
export function rankOf(logits: Float32Array, ids: readonly number[]): number {
  const best = ids.reduce((most, id) => Math.max(most, logits[id]!), -Infinity);
  return logits.reduce((larger, logit) => larger + (logit > best ? 1 : 0), 0);
}
