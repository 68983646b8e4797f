/** How little is enough: the fewest edges of a ranking, the highest threshold of a search. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lowerUntil } from '../../../src/discover/falling-thresholds.js';
import { smallestFaithful } from '../../../src/discover/smallest.js';

/** Faithfulness of 1, 2, ... edges, and which of them were asked for. */
function ranking(values: readonly (number | null)[]): {
  asked: number[];
  of: (count: number) => Promise<number | null>;
} {
  const asked: number[] = [];
  return {
    asked,
    of: (count) => {
      asked.push(count);
      return Promise.resolve(values[count - 1]!);
    },
  };
}

test('of a ranking that rises, the fewest edges are found, in the logarithm of their number', async () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000);
  for (const wanted of [0.0005, 0.001, 0.25, 0.9995, 1]) {
    const { asked, of } = ranking(values);
    const found = await smallestFaithful(1000, wanted, of);
    expect(found).toEqual({
      count: Math.ceil(wanted * 1000),
      faithfulness: Math.ceil(wanted * 1000) / 1000,
      evaluations: asked.length,
    });
    expect(asked.length).toBeLessThanOrEqual(11);
  }
  const single = ranking([1]);
  expect(await smallestFaithful(1, 1, single.of)).toEqual({ count: 1, faithfulness: 1, evaluations: 1 });
});

test('whatever the ranking: what is found is enough, and one edge less is not', async () => {
  const value = fc.oneof(fc.double({ min: -1, max: 2, noNaN: true }), fc.constant(null));
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 60 }), async (values) => {
      const last = values.at(-1)!;
      const found = await smallestFaithful(values.length, 0.8, ranking(values).of);
      if (last === null || last < 0.8) {
        expect(found).toEqual({ count: null, faithfulness: last });
        return;
      }
      expect(values[found.count! - 1]).toBe(found.faithfulness);
      expect(found.faithfulness).toBeGreaterThanOrEqual(0.8);
      if (found.count! > 1) expect(values[found.count! - 2] ?? -Infinity).toBeLessThan(0.8);
    }),
  );
});

test('thresholds fall until a circuit is good enough, or none keeps more', async () => {
  const search = (threshold: number) => Promise.resolve({ threshold, kept: Math.min(100, Math.floor(1 / threshold)) });
  const until = async (edges: number) =>
    (await lowerUntil(0.5, search, ({ kept }) => kept >= edges)).map(({ threshold }) => threshold);
  expect(await until(1)).toEqual([0.5]);
  expect(await until(30)).toEqual([0.5, 0.125, 0.03125]);
  // 100 edges is all there is: three searches show it.
  expect(await until(101)).toEqual([0.5, 0.125, 0.03125, 0.007813, 0.001953, 0.0004883]);
  // A search that keeps nothing says nothing of lower thresholds.
  const nothing = await lowerUntil(
    1,
    () => Promise.resolve({ kept: 0 }),
    () => false,
  );
  expect(nothing).toHaveLength(14);
});
