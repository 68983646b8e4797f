import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { gpt2Spec } from '../../../src/model/random-model.js';
import { checkPrompts } from '../../../src/evaluate/prompt-check.js';
import type { Ablation } from '../../../src/circuit/run-identity.js';
import type { PromptPair } from '../../../src/task/types.js';

const sizes = { layers: 1, heads: 1, headWidth: 4, mlpWidth: 4, vocab: 10, maxPositions: 5 };
const spec = { ...gpt2Spec(sizes), bosTokenId: 0 };
const good: PromptPair = { clean: [0, 2, 3], corrupted: [0, 4, 3], position: 2, correct: [5], wrong: [9] };

function check(pairs: readonly PromptPair[], ablation: Ablation = 'resample', meanPairs = pairs): void {
  checkPrompts(spec, pairs, { pairs: meanPairs, side: 'clean' }, ablation);
}

test('prompts without a fault pass under every ablation', () => {
  for (const ablation of ['resample', 'zero', 'mean', 'mean-positional'] as const) check([good, good], ablation);
});

describe('what the kernels take for granted is checked, and the pair named', () => {
  test.each<[string, Partial<PromptPair>, RegExp]>([
    ['unequal lengths', { corrupted: [0, 4] }, /^prompt pair 2: clean has 3 tokens and corrupted 2/],
    ['a long prompt', { clean: [1, 1, 1, 1, 1, 1], corrupted: [1, 1, 1, 1, 1, 1] }, /6 tokens.*at most 5/],
    ['an id beyond the vocabulary', { clean: [0, 10, 3] }, /token id 10, expected 0 to 9/],
    ['a negative id', { wrong: [-1] }, /token id -1/],
    ['a fraction for an id', { correct: [1.5] }, /token id 1.5/],
    ['a position behind the prompt', { position: 3 }, /position 3 is outside the prompt of 3 tokens/],
    ['a position that is no number', { position: Number.NaN }, /position NaN/],
  ])('%s', (_, fault, message) => {
    expect(() => check([good, { ...good, ...fault }])).toThrow(message);
    expect(() => check([{ ...good, origin: 'a.jsonl, line 7', ...fault }])).toThrow('a.jsonl, line 7');
  });
});

test('no prompts, no mean and unequal lengths for a positional mean are refused', () => {
  expect(() => check([])).toThrow(EdgewiseError);
  const onlyBos = { ...good, clean: [0], corrupted: [0], position: 0 };
  expect(() => check([good], 'mean', [onlyBos])).toThrow(/beginning-of-text/);
  const shorter = { ...good, clean: [0, 2], corrupted: [0, 4], position: 1 };
  expect(() => check([good, shorter], 'mean-positional')).toThrow(/equal length/);
  expect(() => check([good], 'mean-positional', [shorter])).toThrow(/equal length/);
  expect(() => check([good], 'mean', [{ ...good, clean: [0, 99, 1] }])).toThrow(/token id 99/);
});
