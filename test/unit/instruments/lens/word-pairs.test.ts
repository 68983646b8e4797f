import { expect, test } from 'vitest';
import { largestPairs, rowProducts, tablePairs, type WordPair } from '../../../../src/instruments/lens/word-pairs.js';

test('the ten largest, of equal ones the first', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8];
  const pairs = values.map((value, i): WordPair => [i, 100 + i, value]);
  const wanted = pairs.toSorted((a, b) => b[2] - a[2] || a[0] - b[0]).slice(0, 10);
  expect(largestPairs(pairs)).toEqual(wanted);
  expect(largestPairs(pairs.slice(0, 2))).toEqual([pairs[0], pairs[1]]);
  expect(largestPairs([])).toEqual([]);
});

test('pairs of a table by rows, and products of rows', () => {
  const products = rowProducts(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), 2);
  expect([...products]).toEqual([17, 23, 39, 53]);
  expect([...tablePairs([8, 9], products)]).toEqual([
    [8, 8, 17],
    [8, 9, 23],
    [9, 8, 39],
    [9, 9, 53],
  ]);
});
