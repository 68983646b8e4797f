import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { createTokenizer } from '../../../src/task/tokenizer.js';
import type { TaskTokenizer } from '../../../src/task/tokenizer.js';

/** The ids that the Rust library gives: see scripts/make-tokenizer-references.mjs. */
interface References {
  /** Special tokens in front of every text. */
  readonly before: readonly number[];
  /** One list for each text, without special tokens. Null where the tokenizer has no token for a part of the text. */
  readonly ids: readonly (readonly number[] | null)[];
}

const golden = fileURLToPath(new URL('../../golden', import.meta.url));
const texts = read(join(golden, 'tokenizer-references/texts.json')) as string[];
const references = read(join(golden, 'tokenizer-references/ids.json')) as Record<string, References>;

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function open(file: string): TaskTokenizer {
  const where = join(golden, 'tokenizers', file);
  const text = readFileSync(where, 'utf8');
  return createTokenizer({ text, where }, null, { bosTokenId: null, bos: 'auto', vocab: 1_000_000 });
}

/** Null where the prompt is refused. */
function prompt(tokenizer: TaskTokenizer, text: string): number[] | null {
  try {
    return tokenizer.encodePrompt(text, 'here');
  } catch (error) {
    expect((error as Error).message).toMatch(/^here: (the tokenizer has no token for|the prompt is empty)/);
    return null;
  }
}

it('every tokenizer has one list of ids for each text', () => {
  expect(texts).toHaveLength(40);
  expect(Object.keys(references)).toHaveLength(20);
  expect(Object.keys(references)).toEqual(readdirSync(join(golden, 'tokenizers')).sort());
  for (const { ids } of Object.values(references)) expect(ids).toHaveLength(texts.length);
});

describe.each(Object.entries(references))('%s', (file, { before, ids }) => {
  const tokenizer = open(file);

  it.each(texts.map((text, i) => [i, text] as const))('text %i: %j', (i, text) => {
    const expected = ids[i] ?? null;
    expect(tokenizer.encodeBare(text)).toEqual(expected);
    const tokens = expected === null || expected.length === 0 ? null : [...before, ...expected];
    expect(prompt(tokenizer, text)).toEqual(tokens);
  });
});
