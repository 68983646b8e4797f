/** Thresholds for a number of edges, over runs that are plain functions of the threshold. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thresholdFor, type ThresholdRun } from '../../../src/discover/threshold-search.js';

type Found = Awaited<ReturnType<typeof thresholdFor>>;
const find = (edges: number, first: number, kept: (threshold: number) => number): Promise<Found> =>
  thresholdFor(edges, first, (threshold) => Promise.resolve(kept(threshold)));

/** About as a search does: ten times the threshold keeps a third of the edges. */
const falling = (threshold: number): number => Math.min(1519, Math.round(60 * (0.05 / threshold) ** 0.48));

test.each([
  [60, 0.05],
  [60, 1e-6],
  [60, 1000],
  [3, 0.05],
  [700, 0.05],
  [1000, 3],
])('%d edges from %d on: within two per cent', async (edges, first) => {
  const { runs, closest } = await find(edges, first, falling);
  expect(Math.abs(closest.edges - edges)).toBeLessThanOrEqual(Math.max(0, Math.floor(0.02 * edges)));
  expect(closest.edges).toBe(falling(closest.threshold));
  expect(runs.at(-1)).toEqual(closest);
  expect(runs[0]!.threshold).toBe(first);
  expect(runs.length).toBeLessThanOrEqual(14);
});

test('more edges than any threshold keeps: it ends once lower thresholds keep no more', async () => {
  const { runs, closest } = await find(2000, 0.05, falling);
  expect(runs.slice(-3).map(({ edges }) => edges)).toEqual([1519, 1519, 1519]);
  expect(runs.length).toBeLessThan(12);
  expect(closest.edges).toBe(1519);
});

test('what the first run keeps may do', async () => {
  const { runs, closest } = await find(60, 0.05, falling);
  expect(runs).toEqual([{ threshold: 0.05, edges: 60 }]);
  expect(closest).toEqual(runs[0]);
});

test('no threshold is tried twice, and each of the bisections has four digits', async () => {
  const { runs } = await find(33, 0.05, falling);
  const thresholds = runs.map(({ threshold }) => threshold);
  expect(new Set(thresholds).size).toBe(thresholds.length);
  for (const threshold of thresholds) expect(Number(threshold.toPrecision(4))).toBe(threshold);
});

test.each<[string, (threshold: number) => number, number]>([
  ['more than there are', (threshold) => Math.min(100, falling(threshold)), 100],
  ['fewer than ever', (threshold) => Math.max(40, falling(threshold)), 40],
  ['between the steps of a staircase', (threshold) => (threshold < 0.0312 ? 90 : 20), 90],
])('a number that no threshold gives, %s: the closest, and an end', async (_, kept, closest) => {
  const wanted = closest === 100 ? 400 : closest === 40 ? 10 : 60;
  const found = await find(wanted, 0.05, kept);
  expect(found.closest.edges).toBe(closest);
  expect(found.runs.length).toBeLessThanOrEqual(14);
});

test('of equally close runs that with fewer edges', async () => {
  const { closest } = await find(50, 1, (threshold) => (threshold < 2 ? 60 : 40));
  expect(closest.edges).toBe(40);
});

test('where more is kept at a higher threshold, the closest run still wins', () => {
  const bumps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 14, maxLength: 14 });
  return fc.assert(
    fc.asyncProperty(bumps, fc.integer({ min: 1, max: 400 }), async (kept, edges) => {
      const made: ThresholdRun[] = [];
      const { runs, closest } = await find(edges, 0.1, (threshold) => {
        expect(threshold).toBeGreaterThan(0);
        made.push({ threshold, edges: kept[made.length]! });
        return made.at(-1)!.edges;
      });
      expect(runs).toEqual(made);
      const distance = (run: ThresholdRun): number => Math.abs(run.edges - edges);
      expect(distance(closest)).toBe(Math.min(...runs.map(distance)));
    }),
    { seed: 3 },
  );
});
