import { describe, expect, it } from 'vitest';
import { flatten, spline, type Point } from '../../../../../viewer/scene/layout/routes.js';

describe('spline', () => {
  it('starts and ends at its points and stays in their box', () => {
    const points: Point[] = [
      [0, 0],
      [10, 40],
      [10, 80],
      [-300, 120],
    ];
    const line = flatten(spline(points), 20);
    expect(line[0]).toEqual([0, 0]);
    expect(line.at(-1)![0]).toBeCloseTo(-300);
    for (const [x, y] of line) {
      expect(x >= -300 && x <= 10 + 1e-9).toBe(true);
      expect(y >= 0 && y <= 120 + 1e-9).toBe(true);
    }
    expect(
      spline([
        [1, 1],
        [1, 1],
      ])
        .flat()
        .every(Number.isFinite),
    ).toBe(true);
  });
});
