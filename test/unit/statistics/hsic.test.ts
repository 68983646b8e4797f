import { describe, expect, test } from 'vitest';
import { crossSigma, hsicTest, ownSigma } from '../../../src/statistics/hsic.js';

describe('HSIC', () => {
  test('of two pairs, by hand', () => {
    // K = [[1, k], [k, 1]] with k = exp(-1/2); centred: (1 - k) / 2 on the diagonal, the negative beside it.
    const k = Math.exp(-0.5);
    const found = hsicTest([0, 1], [5, 4], [1, 1], [[1, 0]])!;
    expect(found.hsic).toBeCloseTo((1 - k) ** 2, 14);
    expect(found.count).toBe(1);
  });

  test('an order of the second sample reads place i from prompt order[i]', () => {
    const [a, b] = [
      [0, 1, 3, 7],
      [2, 9, 4, 4.5],
    ] as const;
    const order = [1, 2, 3, 0];
    const permuted = hsicTest(
      a,
      order.map((i) => b[i]!),
      [1, 2],
      [],
    )!.hsic;
    const plain = hsicTest(a, b, [1, 2], [])!.hsic;
    expect(permuted).not.toBeCloseTo(plain, 6);
    expect(hsicTest(a, b, [1, 2], [order])!.count).toBe(permuted >= plain ? 1 : 0);
    expect(hsicTest(a, b, [1, 2], [[0, 1, 2, 3]])!.count).toBe(1);
  });

  test('a constant sample depends on nothing; with sigma 0 equal values alone are alike', () => {
    expect(hsicTest([1, 2, 3], [4, 4, 4], [1, 0], [[1, 2, 0]])).toEqual({ hsic: 0, count: 1 });
    const ties = hsicTest([1, 1, 1, 2], [1, 1, 1, 2], [0, 0], [[3, 1, 2, 0]])!;
    expect(ties.hsic).toBeGreaterThan(0);
    expect(ties.count).toBe(0);
  });

  test('is not defined for one pair, or for values that are not finite', () => {
    expect(hsicTest([1], [2], [1, 1], [[0]])).toBeNull();
    expect(hsicTest([1, Infinity], [2, 3], [1, 1], [])).toBeNull();
    expect(hsicTest([1, 2], [Number.NaN, 3], [1, 1], [])).toBeNull();
  });
});

test('sigma for both samples is the lower median, that of one sample the mean of the middle two', () => {
  expect(crossSigma([0, 1], [3, 7])).toBe(3); // 2, 3, 6, 7
  expect(ownSigma([0, 1, 3, 8])).toBe(4); // 1, 2, 3, 5, 7, 8
  expect(ownSigma([5])).toBe(0);
});
