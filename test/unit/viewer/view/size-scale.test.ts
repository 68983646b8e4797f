import { describe, expect, it } from 'vitest';
import { snappedRank, STEPS, toPosition, toRank } from '../../../../viewer/view/size-scale.js';

describe('the scale of the slider', () => {
  it('leads from a rank to a position and back', () => {
    for (const n of [1, 2, 94, 500]) {
      for (let rank = 1; rank <= n; rank++) expect(toRank(toPosition(rank, n), n)).toBe(rank);
      expect(toPosition(n, n)).toBeCloseTo(STEPS, 9);
    }
    expect(toPosition(0, 94)).toBe(0);
    expect(toPosition(2000, 94)).toBeCloseTo(STEPS, 9);
  });

  it('snaps to the nearest mark within reach, and to none beyond', () => {
    const at = toPosition(60, 94);
    expect(snappedRank(at + 9, 94, [40, 60], 10)).toBe(60);
    expect(snappedRank(at - 9, 94, [60, 40], 10)).toBe(60);
    expect(snappedRank(at + 11, 94, [40, 60], 10)).toBe(toRank(at + 11, 94));
    expect(snappedRank(at + 11, 94, [40, 60], 10)).not.toBe(60);
    const between = (toPosition(60, 94) + toPosition(62, 94)) / 2;
    expect(snappedRank(between - 1, 94, [62, 60], 50)).toBe(60);
    expect(snappedRank(between + 1, 94, [60, 62], 50)).toBe(62);
  });

  it('goes to every rank where there are no marks', () => {
    for (let position = 0; position <= STEPS; position += 7) {
      expect(snappedRank(position, 94, [], 20)).toBe(toRank(position, 94));
    }
  });
});
