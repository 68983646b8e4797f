import { describe, expect, it } from 'vitest';
import { placeLabels, type LabelBox } from '../../../../../viewer/scene/draw/labels.js';
import { randomNumbers } from '../../../../support/random.js';

describe('placeLabels', () => {
  const box = (left: number, top: number, priority = 0): LabelBox => ({ left, top, width: 30, height: 10, priority });

  it('shows the more important of two that collide', () => {
    expect(placeLabels([box(0, 0, 1), box(20, 5, 2), box(100, 0)])).toEqual([false, true, true]);
    expect(placeLabels([box(0, 0), box(10, 0)])).toEqual([true, false]);
    expect(placeLabels([box(0, 0), box(30, 0)])).toEqual([true, true]);
    expect(placeLabels([])).toEqual([]);
  });

  it('leaves no two that collide, and drops none without need', () => {
    const random = randomNumbers(3);
    const boxes = Array.from({ length: 400 }, () =>
      box(random.below(900) - 100, random.below(600) - 100, random.below(50)),
    );
    const shown = placeLabels(boxes);
    const collide = (a: LabelBox, b: LabelBox) => Math.abs(a.left - b.left) < 30 && Math.abs(a.top - b.top) < 10;
    const kept = boxes.filter((_, i) => shown[i]);
    kept.forEach((a, i) => {
      for (const b of kept.slice(i + 1)) expect(collide(a, b)).toBe(false);
    });
    boxes.forEach((a, i) => {
      if (!shown[i]) expect(kept.some((b) => collide(a, b) && b.priority >= a.priority)).toBe(true);
    });
  });
});
