import { Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { bindPickedLogits, rowsAtOnce } from './top-tokens.js';

/** A row of what nodes write, and the right answers of its prompt. */
export interface RankedRow {
  readonly row: number;
  /** Token ids, at least one. */
  readonly correct: readonly number[];
}

/**
 * Per row the place of the best right answer among all tokens, by the row's product with the unembedding: 1 + how many
 * tokens have a larger logit. NaN where the answer's logit is.
 *
 * Cost: 2 * width * vocabulary FLOPs a row. The logits are read on the host, `maxBytes` at a time.
 *
 * @param normed [.., width]
 */
export async function answerRanks(
  weights: ModelWeights,
  normed: Tensor,
  rows: readonly RankedRow[],
  maxBytes: number,
): Promise<number[]> {
  const { gpu, spec, layout } = weights;
  // What is read back lies in a second buffer.
  const atOnce = rowsAtOnce(weights, maxBytes / 2);
  const ranks: number[] = [];
  for (let first = 0; first < rows.length; first += atOnce) {
    const part = rows.slice(first, first + atOnce);
    const arena = new Arena(gpu);
    try {
      const picked = await bindPickedLogits(
        arena,
        weights,
        normed,
        part.map(({ row }) => row),
      );
      const recording = gpu.record();
      picked.encode(recording);
      const copy = recording.readback(picked.logits);
      recording.submit();
      const values = new Float32Array(await copy());
      part.forEach(({ correct }, i) => {
        const start = i * layout.vocabStride;
        ranks.push(rankOf(values.subarray(start, start + spec.vocab), correct));
      });
    } finally {
      arena.dispose();
    }
  }
  return ranks;
}

function rankOf(logits: Float32Array, correct: readonly number[]): number {
  const best = Math.max(...correct.map((id) => logits[id]!));
  if (Number.isNaN(best)) return Number.NaN;
  let larger = 0;
  for (const logit of logits) if (logit > best) larger++;
  return 1 + larger;
}
