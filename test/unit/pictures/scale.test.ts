import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearScale, logScale } from '../../../src/pictures/scale.js';

test('an even scale has round ticks around all values', () => {
  const { ticks, place } = linearScale(-0.02, 1.08, 0, 100);
  expect(ticks).toEqual([-0.5, 0, 0.5, 1, 1.5]);
  expect([place(-0.5), place(0.5), place(1.5)]).toEqual([0, 50, 100]);
  expect(linearScale(0, 1, 0, 10).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  // Places may fall, as on a screen.
  expect(linearScale(0, 10, 100, 0).place(10)).toBe(0);
});

test('whatever the values, ticks rise, are few, and hold every value', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      const { ticks, place } = linearScale(low, high, 0, 1);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(12);
      for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThan(ticks[i - 1]!);
      expect(place(low)).toBeGreaterThanOrEqual(-1e-3);
      expect(place(high)).toBeLessThanOrEqual(1 + 1e-3);
    }),
  );
});

test('a scale of ratios goes by the logarithm', () => {
  const { ticks, place } = logScale(1, 100, 0, 2);
  expect(ticks).toEqual([1, 3, 10, 30, 100]);
  expect(place(10)).toBeCloseTo(1, 12);
  expect(logScale(0.001, 1, 0, 1).ticks).toEqual([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]);
  // One value alone has a place too.
  expect(logScale(5, 5, 0, 1).place(5)).toBe(0);
});
