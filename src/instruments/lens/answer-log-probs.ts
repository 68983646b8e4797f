import { norm } from '../../block/norm.js';
import { logProbabilities, modelLogits } from '../../block/unembedding.js';
import { Arena } from '../../gpu/arena.js';
import { rowsAtOnce } from '../../inspect/top-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import { PARTS } from '../../readout/parts.js';
import type { PromptPair } from '../../task/types.js';
import type { Rows } from './observed-runs.js';

/**
 * Logarithms of the summed probability of the right answers, in nats, of rows of the stream [N, 4 width4] through the
 * final norm. Cost: 2 d V FLOPs a row.
 *
 * @param pairs of each row.
 * @param maxBytes most bytes of logits on the device at once.
 */
export async function answerLogProbs(
  weights: ModelWeights,
  rows: Rows,
  pairs: readonly PromptPair[],
  maxBytes: number,
): Promise<number[]> {
  const { gpu, layout, finalNorm } = weights;
  const width = 4 * layout.width4;
  const atOnce = rowsAtOnce(weights, maxBytes);
  const found: number[] = [];
  for (let first = 0; first < pairs.length; first += atOnce) {
    const part = pairs.slice(first, first + atOnce);
    const arena = new Arena(gpu);
    try {
      const x = arena.upload('streams', rows.slice(first * width, (first + part.length) * width));
      const normed = arena.tensor('normed streams', [part.length, width]);
      const logits = arena.tensor('their logits', [part.length, layout.vocabStride]);
      const scores = arena.tensor('log-probabilities of answers', [part.length, PARTS['log-probs'].perRow]);
      const frame = { weights, shape: { circuits: 1, prompts: part.length }, tensors: { normed, logits } };
      const answers = part.map(({ correct }) => ({ correct, wrong: [] }));
      const pieces = [
        await norm({ arena, weights }, finalNorm, { x, y: normed }, part.length),
        await modelLogits({ arena, weights }, { normed, logits }, part.length),
        await logProbabilities({ arena, weights }, logits, part.length),
      ];
      // The reference is of other parts.
      const readout = await PARTS['log-probs'].bind(arena, frame, { reference: logits, answers }, scores);
      const recording = gpu.record();
      for (const piece of pieces) piece.encode(recording);
      readout.encode(recording, part.length);
      recording.submit();
      const data = await gpu.read(scores);
      found.push(...part.map((_, n) => PARTS['log-probs'].read(data, n).correctLogProb!));
    } finally {
      arena.dispose();
    }
  }
  return found;
}
