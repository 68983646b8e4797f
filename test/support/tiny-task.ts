/** Tasks in ids for the tiny random checkpoints of the fixtures, small enough that a whole search takes a second. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixture } from './fixtures.js';
import { randomNumbers } from './random.js';

/** 3 layers of 5 heads, 67 tokens, 16 positions, no tokenizer. */
export const TINY_MODEL = fixture('families/gpt2');
export const TINY_EDGES = 370;
export const TINY_DIRECT_EDGES = 45;
/** GB in which a search takes three of the prompts below one by one. */
export const TINY_MEMORY = '0.00016';

export interface TinyRow {
  clean_ids: number[];
  corrupted_ids: number[];
  correct_ids?: number[];
  wrong_ids?: number[];
  position?: number;
}

/** Prompt pairs of 5 tokens that differ in two places, with one right and one wrong answer. */
export function tinyRows(count: number): TinyRow[] {
  const random = randomNumbers(7);
  return Array.from({ length: count }, () => {
    const clean = random.ids(5, 60);
    const corrupted = clean.map((id, place) => (place === 1 || place === 3 ? (id + 1 + random.below(50)) % 60 : id));
    const correct = random.below(60);
    return { clean_ids: clean, corrupted_ids: corrupted, correct_ids: [correct], wrong_ids: [(correct + 9) % 60] };
  });
}

/** Writes rows as JSON lines and gives the file's path. */
export async function writeRows(folder: string, name: string, rows: readonly object[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}
