import { expect, test } from 'vitest';
import type { WeightStorage } from '../../../src/base/stored-values.js';
import { shortCases } from '../../../src/check/self-test.js';
import { SMALL_FAMILIES, smallSpec } from '../../support/families.js';

const stored = (storage: WeightStorage) => ({ storage: () => storage });

test.each(SMALL_FAMILIES)('the self-test before a run of %s has a case with the kinds of pieces it has', (family) => {
  const spec = smallSpec(family);
  for (const storage of ['f32', 'f16', 'bf16'] as const) {
    const cases = shortCases({ spec, weights: stored(storage) });
    const like = cases.filter(
      (found) =>
        found.spec.norm.kind === spec.norm.kind &&
        found.spec.positions.kind === spec.positions.kind &&
        found.spec.preNorms === spec.preNorms &&
        found.spec.postNorms === spec.postNorms &&
        found.spec.mlp!.kind === spec.mlp!.kind,
    );
    expect(like.length, storage).toBeGreaterThan(0);
    expect(
      cases.some((found) => (found.storage ?? 'f32') === storage),
      storage,
    ).toBe(true);
    expect(new Set(cases).size).toBe(cases.length);
  }
});

test('without a model the short self-test is one case in f32', () => {
  expect(shortCases(undefined).map(({ storage = 'f32' }) => storage)).toEqual(['f32']);
});
