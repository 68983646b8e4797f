import type { Cell } from './words.js';

const STEPS: Readonly<Record<string, readonly [rows: number, keys: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/**
 * The cell that an arrow key leads to. The first one leads into the last row.
 *
 * @param rows queries that are drawn. @param count number of tokens.
 * @returns null for another key.
 */
export function stepTo(from: Cell | null, key: string, rows: readonly number[], count: number): Cell | null {
  const step = STEPS[key];
  if (!step || rows.length === 0) return null;
  const known = from?.query ?? null;
  const place = known === null ? rows.length - 1 : Math.max(0, rows.indexOf(known));
  const isFirst = from === null;
  const row = isFirst ? place : bounded(place + step[0], rows.length);
  const column = bounded((from?.key ?? rows[row]!) + (isFirst ? 0 : step[1]), count);
  return { query: rows[row]!, key: column };
}

function bounded(value: number, count: number): number {
  return Math.max(0, Math.min(count - 1, value));
}
