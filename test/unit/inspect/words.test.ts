import { expect, test } from 'vitest';
import { wordsOf } from '../../../src/inspect/ov-tokens.js';

test('words are distinct, without a leading beginning-of-text token', () => {
  expect(
    wordsOf(
      [
        [9, 3, 1, 3],
        [9, 2],
      ],
      9,
    ),
  ).toEqual([1, 2, 3]);
  expect(wordsOf([[9, 3, 9]], 9)).toEqual([3, 9]);
  expect(wordsOf([[9, 3]], null)).toEqual([3, 9]);
  expect(wordsOf([[9]], 9)).toEqual([]);
});

test('of too many words the most frequent count', () => {
  const rare = Array.from({ length: 200 }, (_, id) => id);
  const words = wordsOf([rare, [199, 198, 150]], null);
  expect(words).toHaveLength(128);
  expect(words.slice(-3)).toEqual([150, 198, 199]);
  expect(words[124]).toBe(124);
});
