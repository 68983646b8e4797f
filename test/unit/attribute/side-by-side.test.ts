import { expect, test } from 'vitest';
import { gradientPoints, movedPoints, sideBySide } from '../../../src/attribute/interpolation.js';

const GROUPS = [{ index: 0 }, { index: 1 }, { index: 2 }];
const OPTIONS = { method: 'eap-ig-inputs', stepRule: 'right', steps: 5, scope: 'group', metric: 'logit-diff' } as const;

test.each([1, 2, 3, 4, 9])('%i at most: every point once, in order, in shares of one group', (most) => {
  for (const method of ['eap', 'eap-ig-inputs', 'eap-ig-activations', 'clean-corrupted'] as const) {
    for (const stepRule of ['left', 'right', 'midpoint', 'trapezoid'] as const) {
      const points = gradientPoints({ ...OPTIONS, method, stepRule }, GROUPS);
      const shares = sideBySide(points, most);
      expect(shares.flat()).toEqual(points);
      for (const share of shares) {
        expect(share.length).toBeLessThanOrEqual(share[0]!.group === null ? 1 : most);
        expect(new Set(share.map(({ group }) => group)).size).toBe(1);
      }
      // A share is full unless its group ends.
      shares.forEach((share, i) => {
        const next = shares[i + 1];
        if (next && share[0]!.group !== null && next[0]!.group === share[0]!.group) expect(share.length).toBe(most);
      });
    }
  }
});

test('points that move a group: all but those at the clean end', () => {
  expect(movedPoints({ ...OPTIONS, method: 'eap' })).toBe(0);
  expect(movedPoints({ ...OPTIONS })).toBe(4);
  expect(movedPoints({ ...OPTIONS, stepRule: 'left' })).toBe(5);
  expect(movedPoints({ ...OPTIONS, stepRule: 'trapezoid' })).toBe(5);
  expect(movedPoints({ ...OPTIONS, method: 'eap-ig-activations', metric: 'kl' })).toBe(4);
  expect(movedPoints({ ...OPTIONS, method: 'clean-corrupted' })).toBe(1);
});
