import { describe, expect, it } from 'vitest';
import { crossings, reduceCrossings } from '../../../../../viewer/scene/layout/figure-order.js';
import { randomNumbers } from '../../../../support/random.js';

function count(rows: readonly (readonly number[])[], after: readonly (readonly number[])[]): number {
  const place: number[] = [];
  for (const row of rows) row.forEach((node, i) => (place[node] = i));
  let pairs = 0;
  for (const row of rows) {
    const edges = row.flatMap((node) => after[node]!.map((other) => [place[node]!, place[other]!] as const));
    for (const [a, b] of edges) for (const [c, d] of edges) if (a < c && b > d) pairs++;
  }
  expect(crossings(rows, { after }, place)).toBe(pairs);
  return pairs;
}

function randomRows(seed: number) {
  const random = randomNumbers(seed);
  const rows = Array.from({ length: 4 }, (_, row) => Array.from({ length: 6 }, (__, i) => 6 * row + i));
  const before: number[][] = Array.from({ length: 24 }, () => []);
  const after: number[][] = Array.from({ length: 24 }, () => []);
  for (let edge = 0; edge < 30; edge++) {
    const row = random.below(3);
    const [a, b] = [6 * row + random.below(6), 6 * (row + 1) + random.below(6)];
    after[a]!.push(b);
    before[b]!.push(a);
  }
  return { rows, before, after };
}

describe('reduceCrossings', () => {
  it('never makes it worse, and untangles what can be untangled', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { rows, before, after } = randomRows(seed);
      const better = reduceCrossings({ rows, before, after }, 30);
      expect(better.map((row) => row.toSorted((a, b) => a - b))).toEqual(
        rows.map((row) => row.toSorted((a, b) => a - b)),
      );
      expect(count(better, after)).toBeLessThanOrEqual(count(rows, after));
    }
    const tangled = {
      rows: [
        [0, 1, 2],
        [3, 4, 5],
      ],
      before: [[], [], [], [2], [1], [0]],
      after: [[5], [4], [3], [], [], []],
    };
    expect(count(tangled.rows, tangled.after)).toBe(3);
    expect(count(reduceCrossings(tangled, 10), tangled.after)).toBe(0);
  });
});
