import { expect, test } from 'vitest';
import type { DetectorScore } from '../../../../src/circuit/details.js';
import { headKinds } from '../../../../viewer/view/head-kinds.js';

const score = (excluded: number): DetectorScore & { readonly excludeBosAndCurrent: DetectorScore } => ({
  mul: 0.9,
  abs: 0,
  excludeBosAndCurrent: { mul: excluded, abs: 0 },
});

test('the likeliest kind comes first, without attention to the first token and to itself', () => {
  const detectors = { previous_token: score(0.25), duplicate_token: score(0), induction: score(0.75) };
  expect(headKinds(detectors)).toEqual([
    { words: 'induction', share: 0.75 },
    { words: 'previous token', share: 0.25 },
    { words: 'duplicate token', share: 0 },
  ]);
});

test('a kind that could not be judged is left out', () => {
  const nothing = score(Number.NaN);
  expect(headKinds({ previous_token: nothing, duplicate_token: nothing, induction: nothing })).toEqual([]);
});
