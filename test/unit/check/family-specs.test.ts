import { expect, test } from 'vitest';
import { CHECK_CASES } from '../../../src/check/cases.js';
import { smallModelLike } from '../../../src/check/family-specs.js';
import { SMALL_FAMILIES, smallSpec } from '../../support/families.js';

test.each(SMALL_FAMILIES)('the self-test before a run of %s has a case with the kinds of pieces it has', (family) => {
  const model = smallSpec(family);
  const like = smallModelLike(model);
  const found = CHECK_CASES.find(({ short, spec }) => (like ? spec === like : short))!.spec;
  expect(found.norm.kind).toBe(model.norm.kind);
  expect(found.positions.kind).toBe(model.positions.kind);
  expect([found.preNorms, found.postNorms]).toEqual([model.preNorms, model.postNorms]);
  expect(found.mlp!.kind).toBe(model.mlp!.kind);
});
