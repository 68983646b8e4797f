import { expect, test } from 'vitest';
import { rowLists } from '../../../src/pass/row-lists.js';
import { firstDifference, inBatches } from '../../../src/evaluate/prompt-batch.js';

const shape = { prompts: 4, sequence: 6, circuits: 1, cutSums: 0 };

test('differing rows go from the first difference to the metric position, prompt by prompt', () => {
  const { every, differing, metric, logits } = rowLists(shape, [
    { position: 3, firstDifference: 1 },
    { position: 5, firstDifference: 5 },
    { position: 0, firstDifference: 0 },
    { position: 4, firstDifference: 0 },
  ]);
  expect([...every]).toEqual(Array.from({ length: 24 }, (_, row) => row));
  expect([...differing]).toEqual([1, 2, 3, 11, 12, 18, 19, 20, 21, 22]);
  expect([...metric]).toEqual([3, 11, 12, 22]);
  expect([...logits]).toEqual([3, 11, 12, 22]);
});

test('a prompt without a difference up to the metric position has no row to compute, but its logits are read', () => {
  const { differing, metric, logits } = rowLists(shape, [
    { position: 2, firstDifference: 3 },
    { position: 4, firstDifference: 6 },
    { position: 2, firstDifference: 2 },
  ]);
  expect([...differing]).toEqual([14]);
  expect([...metric]).toEqual([14]);
  // The fourth place is filled up.
  expect([...logits]).toEqual([2, 10, 14, 18]);
});

test('of what fills a batch up nothing is differing', () => {
  const { every, differing, metric, logits } = rowLists(shape, []);
  expect([every.length, differing.length, metric.length]).toEqual([24, 0, 0]);
  expect([...logits]).toEqual([0, 6, 12, 18]);
});

test('pairs differ first where their tokens do, equal ones after their end', () => {
  const pair = (clean: number[], corrupted: number[]): number =>
    firstDifference({ clean, corrupted, position: 0, correct: [], wrong: [] });
  expect(pair([4, 5, 6], [4, 7, 8])).toBe(1);
  expect(pair([4, 5, 6], [3, 5, 6])).toBe(0);
  expect(pair([4, 5, 6], [4, 5, 6])).toBe(3);
});

test('batches are full but for the last', () => {
  const pairs = [1, 2, 3, 4, 5].map((id) => ({ clean: [id], corrupted: [id], position: 0, correct: [], wrong: [] }));
  const sizes = (size: number): number[] => inBatches(pairs, size).map((batch) => batch.length);
  expect(sizes(2)).toEqual([2, 2, 1]);
  expect(sizes(5)).toEqual([5]);
  expect(sizes(9)).toEqual([5]);
  expect(inBatches(pairs, 2).flat()).toEqual(pairs);
});
