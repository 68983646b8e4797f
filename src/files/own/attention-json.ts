import * as v from 'valibot';
import type { AttentionRow } from '../../circuit/details.js';
import { count } from './head-details-json.js';

// Attention in details.json: whole numbers in units of 0.0001.

/** Attention is written as whole numbers in units of this. */
const ATTENTION_UNIT = 1e-4;

/** Long lists are checked as a whole: an issue for each of a million numbers would take longer than all else. */
export const listOf = <T>(fits: (value: unknown) => boolean, expected: string) =>
  v.custom<readonly T[]>((list) => Array.isArray(list) && list.every(fits), expected);

export const shares = listOf<number>(
  (x) => Number.isInteger(x) && Number(x) >= 0 && Number(x) <= 1 / ATTENTION_UNIT,
  'an array of integers from 0 to 10000',
);
export const attentionRow = v.object({ head: v.string(), query: count, kept_1e4: shares, cut_1e4: shares });

/** The lower triangle of a pattern [length, length], row by row. */
export function lowerTriangle(pattern: Float32Array, length: number): number[] {
  const values: number[] = [];
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) values.push(Math.round(pattern[query * length + key]! / ATTENTION_UNIT));
  }
  return values;
}

export function fromLowerTriangle(values: readonly number[], length: number): Float32Array {
  const pattern = new Float32Array(length * length);
  let at = 0;
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) pattern[query * length + key] = values[at++]! * ATTENTION_UNIT;
  }
  return pattern;
}

export function encodeRow({ head, query, kept, cut }: AttentionRow): object {
  const whole = (row: Float32Array): number[] => Array.from(row, (share) => Math.round(share / ATTENTION_UNIT));
  return { head, query, kept_1e4: whole(kept), cut_1e4: whole(cut) };
}

export function decodeRow({
  head,
  query,
  kept_1e4: kept,
  cut_1e4: cut,
}: v.InferOutput<typeof attentionRow>): AttentionRow {
  const row = (values: readonly number[]): Float32Array => Float32Array.from(values, (value) => value * ATTENTION_UNIT);
  return { head, query, kept: row(kept), cut: row(cut) };
}
