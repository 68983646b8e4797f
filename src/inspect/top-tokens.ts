import type { Piece } from '../block/piece.js';
import { unembedding } from '../block/unembedding.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { bindTopColumns } from '../readout/top-columns.js';

/** A token and its logit. */
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
 * The extremes of the logits that some rows of `means` [W, 1, width] give, less their mean over the vocabulary. Cost:
 * see strongestTokens.
 */
export async function topTokens(
  weights: ModelWeights,
  means: Tensor,
  rows: readonly number[],
  maxBytes: number,
): Promise<TopTokens[]> {
  const ends = { signs: [1, -1], count: TOP_TOKENS, centred: true } as const;
  const [promotes, suppresses] = await strongestTokens(weights, means, rows, ends, maxBytes);
  return rows.map((_, i) => ({ promotes: promotes![i]!, suppresses: suppresses![i]! }));
}

/** Which tokens of a row of logits are asked for. */
export interface AskedTokens {
  /** 1: the largest logits, -1: the smallest. */
  readonly signs: readonly (1 | -1)[];
  readonly count: number;
  /** Logits less the mean over the vocabulary; otherwise as they are. */
  readonly centred: boolean;
}

/**
 * Multiplies some rows of `normed` [.., width] with the unembedding, as many at once as `maxBytes` allows, and picks
 * the extremes of each: the logits never leave the device. Cost: 2 * width * vocabulary FLOPs a row.
 *
 * @returns per sign and row the tokens, strongest first. Of equal ones the lower id comes first.
 */
export async function strongestTokens(
  weights: ModelWeights,
  normed: Tensor,
  rows: readonly number[],
  asked: AskedTokens,
  maxBytes: number,
): Promise<TokenValue[][][]> {
  const atOnce = rowsAtOnce(weights, maxBytes);
  const found = asked.signs.map((): TokenValue[][] => []);
  for (let first = 0; first < rows.length; first += atOnce) {
    const part = await strongestAtOnce(weights, normed, rows.slice(first, first + atOnce), asked);
    part.forEach((lists, sign) => found[sign]!.push(...lists));
  }
  return found;
}

/**
 * The same of rows that are on the host, with one sign.
 *
 * @param parts one or more rows [width] each, of equal length.
 */
export async function strongestOfRows(
  weights: ModelWeights,
  parts: readonly ArrayLike<number>[],
  asked: Omit<AskedTokens, 'signs'> & { readonly sign: 1 | -1 },
  maxBytes: number,
): Promise<TokenValue[][]> {
  const [size] = parts.map(({ length }) => length);
  if (size === undefined) return [];
  const arena = new Arena(weights.gpu);
  try {
    const all = new Float32Array(parts.length * size);
    parts.forEach((part, i) => all.set(part, i * size));
    const normed = arena.upload('rows for the unembedding', all);
    const rows = Array.from({ length: all.length / (4 * weights.layout.width4) }, (_, row) => row);
    const { sign, ...of } = asked;
    const [lists] = await strongestTokens(weights, normed, rows, { ...of, signs: [sign] }, maxBytes);
    return lists!;
  } finally {
    arena.dispose();
  }
}

async function strongestAtOnce(
  weights: ModelWeights,
  normed: Tensor,
  rows: readonly number[],
  { signs, count, centred }: AskedTokens,
): Promise<TokenValue[][][]> {
  const arena = new Arena(weights.gpu);
  try {
    const picked = await bindPickedLogits(arena, weights, normed, rows);
    const ends = await Promise.all(
      signs.map((sign) => {
        const [vocab, stride] = [weights.spec.vocab, weights.layout.vocabStride];
        return bindTopColumns(arena, { values: picked.logits, rows: rows.length, vocab, stride, count, sign, centred });
      }),
    );
    const recording = weights.gpu.record();
    picked.encode(recording);
    for (const end of ends) end.encode(recording);
    const pending = ends.map(({ columns, amounts }) => [recording.readback(columns), recording.readback(amounts)]);
    recording.submit();
    return await Promise.all(
      pending.map(async (copies) => {
        const [columns, amounts] = await Promise.all(copies.map((copy) => copy()));
        return tokenLists(new Uint32Array(columns!), new Float32Array(amounts!), rows.length, count);
      }),
    );
  } finally {
    arena.dispose();
  }
}

/** How many rows of logits `maxBytes` holds, at least one. */
export function rowsAtOnce({ layout }: ModelWeights, maxBytes: number): number {
  return Math.max(1, Math.floor(maxBytes / (4 * layout.vocabStride)));
}

/** Some rows of `normed` [.., width] times the unembedding: logits [rows, V], without bias and cap. */
export async function bindPickedLogits(
  arena: Arena,
  weights: ModelWeights,
  normed: Tensor,
  rows: readonly number[],
): Promise<Piece & { readonly logits: Tensor }> {
  const width = 4 * weights.layout.width4;
  const picked = arena.tensor('picked rows', [rows.length, width]);
  const logits = arena.tensor('their logits', [rows.length, weights.layout.vocabStride]);
  const toLogits = await unembedding({ arena, weights }, { normed: picked, logits }, rows.length);
  return {
    logits,
    encode(recording) {
      rows.forEach((row, i) => recording.copy(sliceOf(normed, row * width, width), sliceOf(picked, i * width, width)));
      toLogits.encode(recording);
    },
  };
}

/** The tokens of the first `rows` rows of extremes, fewer than `count` where the vocabulary has no more. */
export function tokenLists(columns: Uint32Array, amounts: Float32Array, rows: number, count: number): TokenValue[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: count }, (_unused, k) => {
      const at = row * count + k;
      return { id: columns[at]!, logit: amounts[at]! };
    }).filter(({ id }) => id !== NO_COLUMN),
  );
}
