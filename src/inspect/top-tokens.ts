import { unembedding } from '../block/unembedding.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';

/** A token and its logit less the mean over the vocabulary. */
export interface TokenValue {
  readonly id: number;
  readonly logit: number;
}

/** Tokens with the largest logits, largest first, and with the smallest, smallest first. */
export interface TopTokens {
  readonly promotes: readonly TokenValue[];
  readonly suppresses: readonly TokenValue[];
}

/** How many tokens are told each way. */
export const TOP_TOKENS = 8;
/** What the kernel gives where the vocabulary has fewer. */
const NO_COLUMN = 0xffffffff;

/**
 * Multiplies some rows of `means` [W, 1, width] with the unembedding, as many at once as `maxBytes` allows, and picks
 * the extremes of each: the vocabulary never leaves the device. Cost: 2 * width * vocabulary FLOPs a row.
 */
export async function topTokens(
  weights: ModelWeights,
  means: Tensor,
  rows: readonly number[],
  maxBytes: number,
): Promise<TopTokens[]> {
  const atOnce = Math.max(1, Math.floor(maxBytes / (4 * weights.layout.vocabStride)));
  const found: TopTokens[] = [];
  for (let first = 0; first < rows.length; first += atOnce) {
    found.push(...(await topTokensAtOnce(weights, means, rows.slice(first, first + atOnce))));
  }
  return found;
}

async function topTokensAtOnce(weights: ModelWeights, means: Tensor, rows: readonly number[]): Promise<TopTokens[]> {
  const { gpu, spec, layout } = weights;
  const width = 4 * layout.width4;
  const stride = layout.vocabStride;
  const arena = new Arena(gpu);
  try {
    const picked = arena.tensor('rows of means', [rows.length, width]);
    const logits = arena.tensor('logits of nodes', [rows.length, stride]);
    const toLogits = await unembedding({ arena, weights }, { normed: picked, logits }, rows.length);
    const extremes = async (sign: 1 | -1) => {
      const columns = arena.tensor('top columns', [rows.length, TOP_TOKENS]);
      const amounts = arena.tensor('top amounts', [rows.length, TOP_TOKENS]);
      const operation: Operation = await arena.operation('top_columns', {
        buffers: { values: logits, columns, amounts },
        params: { rows: rows.length, vocab: spec.vocab, stride },
        overrides: { COUNT: TOP_TOKENS, SIGN: sign },
      });
      return { operation, columns, amounts };
    };
    const both = [await extremes(1), await extremes(-1)];
    const recording = gpu.record();
    rows.forEach((row, i) => recording.copy(sliceOf(means, row * width, width), sliceOf(picked, i * width, width)));
    toLogits.encode(recording);
    for (const { operation } of both) recording.dispatchRows(operation, rows.length);
    const pending = both.map(({ columns, amounts }) => [recording.readback(columns), recording.readback(amounts)]);
    recording.submit();
    const [promotes, suppresses] = await Promise.all(
      pending.map(async (copies) => {
        const [columns, amounts] = await Promise.all(copies.map((copy) => copy()));
        return tokenLists(new Uint32Array(columns!), new Float32Array(amounts!), rows.length);
      }),
    );
    return rows.map((_, i) => ({ promotes: promotes![i]!, suppresses: suppresses![i]! }));
  } finally {
    arena.dispose();
  }
}

function tokenLists(columns: Uint32Array, amounts: Float32Array, rows: number): TokenValue[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: TOP_TOKENS }, (_unused, k) => {
      const at = row * TOP_TOKENS + k;
      return { id: columns[at]!, logit: amounts[at]! };
    }).filter(({ id }) => id !== NO_COLUMN),
  );
}
