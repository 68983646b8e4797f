import type { AttentionRow } from '../../src/circuit/details.js';
import { largestOf, mostAttended } from '../../src/circuit/standing-positions.js';
import { formatPercent, visibleToken } from '../view/format.js';
import { mostChanged } from './edge-reads.js';
import type { HeadPattern, ShownAttention } from './patterns.js';

/** A query and a key of a pattern; null where only the other one is pointed at. */
export interface Cell {
  readonly query: number | null;
  readonly key: number | null;
}

/** A token in a sentence: `“ Paul”`. Of a token that is there several times: `“ James” (2nd)`. */
export function tokenWords(tokens: readonly string[], at: number): string {
  const text = tokens[at];
  if (text === undefined) return `token ${at}`;
  const places = tokens.flatMap((token, i) => (token === text ? [i] : []));
  const mention = places.length > 1 ? ` (${ordinal(places.indexOf(at) + 1)})` : '';
  // A line does not break inside of a token.
  return `“${visibleToken(text).replaceAll(' ', '\u00a0')}”${mention}`;
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
}

/**
 * What an edge does to where its reader looks, from one of its tokens: `From “ to” 1.0 looks with the edge 86.0 % at
 * “ Paul”, without it 31.0 %.`
 */
export function readWords(row: AttentionRow, tokens: readonly string[], label: string): string {
  const from = tokenWords(tokens, row.query);
  const changed = mostChanged(row);
  if (!changed) {
    const key = largestOf(row.kept);
    return `From ${from} ${label} looks ${formatPercent(row.kept[key]!)} at ${tokenWords(tokens, key)}, with the edge and without it.`;
  }
  const { key, kept, cut } = changed;
  return `From ${from} ${label} looks with the edge ${formatPercent(kept)} at ${tokenWords(tokens, key)}, without it ${formatPercent(cut)}.`;
}

/** One row of a pattern: `From “ to” 1.0 looks 97.0 % at “ James” (2nd).` */
export function rowWords({ weights }: HeadPattern, tokens: readonly string[], query: number, label: string): string {
  const n = tokens.length;
  const key = mostAttended(weights, n, query);
  return `From ${tokenWords(tokens, query)} ${label} looks ${formatPercent(weights[query * n + key]!)} at ${tokenWords(tokens, key)}.`;
}

/** For those who do not see the pattern: what it is of, and where its rows look most. */
export function patternWords(
  shown: ShownAttention,
  pattern: HeadPattern,
  rows: readonly number[],
  label: string,
): string {
  const what = shown.signed ? 'Difference of the attention, clean minus corrupted,' : 'Attention pattern';
  const over = `${what} of ${label} over ${shown.tokens.length} tokens.`;
  if (shown.signed) return over;
  return [over, ...rows.slice(0, 4).map((row) => rowWords(pattern, shown.tokens, row, label))].join(' ');
}

/** A weight in a caption. Differences have a sign. */
export function weightWords(weight: number, signed: boolean): string {
  if (!Number.isFinite(weight)) return '–';
  const text = Math.abs(weight).toFixed(3);
  if (!signed) return text;
  return Number(text) === 0 ? text : `${weight < 0 ? '−' : '+'}${text}`;
}

/** Which prompt a part of the page shows. */
export function promptWords(prompt: number | null, note: string | null): string {
  return note ?? (prompt === null ? 'mean over the prompts' : `prompt ${prompt + 1}`);
}
