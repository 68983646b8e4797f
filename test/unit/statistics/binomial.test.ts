import { expect, test } from 'vitest';
import { binomialSum, clopperPearson } from '../../../src/statistics/binomial.js';

test('sums of probabilities are those of every outcome counted', () => {
  // Four throws of a fair coin: 1, 4, 6, 4, 1 of 16.
  expect([0, 1, 2, 3, 4].map((k) => binomialSum(k, k, 4, 0.5) * 16).map((x) => Number(x.toFixed(12)))).toEqual([
    1, 4, 6, 4, 1,
  ]);
  expect(binomialSum(0, 4, 4, 0.3)).toBeCloseTo(1, 14);
  expect(binomialSum(0, 2000, 2000, 0.9)).toBeCloseTo(1, 10);
  expect(binomialSum(3, 2, 4, 0.3)).toBe(0);
  expect([binomialSum(0, 0, 4, 0), binomialSum(4, 4, 4, 1), binomialSum(1, 4, 4, 0)]).toEqual([1, 1, 0]);
  expect(binomialSum(100, 100, 100, 0.9)).toBeCloseTo(0.9 ** 100, 16);
});

test('the ends of an interval have the tails they promise, and closed forms at the corners', () => {
  for (const n of [1, 2, 20, 333]) {
    for (const k of new Set([0, 1, n >> 1, n - 1, n])) {
      const [lower, upper] = clopperPearson(k, n);
      expect(lower).toBeLessThan(upper);
      if (k > 0) expect(binomialSum(k, n, n, lower)).toBeCloseTo(0.025, 10);
      else expect(lower).toBe(0);
      if (k < n) expect(binomialSum(0, k, n, upper)).toBeCloseTo(0.025, 10);
      else expect(upper).toBe(1);
    }
    // All of n: the lower end is the n-th root of alpha / 2.
    expect(clopperPearson(n, n)[0]).toBeCloseTo(0.025 ** (1 / n), 12);
    expect(clopperPearson(0, n)[1]).toBeCloseTo(1 - 0.025 ** (1 / n), 12);
  }
  expect(clopperPearson(5, 10, 0.5)[1]).toBeLessThan(clopperPearson(5, 10)[1]);
});
