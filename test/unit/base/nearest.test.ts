import { expect, it } from 'vitest';
import { nearestName } from '../../../src/base/nearest.js';

const FIELDS = ['clean', 'corrupted', 'correct', 'wrong', 'position'];

it.each([
  ['postion', 'position'],
  ['clean_', 'clean'],
  ['CLEAN', 'clean'],
  ['claen', 'clean'],
  ['corect', 'correct'],
  ['corrupt', 'corrupted'],
  ['wrnog', 'wrong'],
])('%s is probably %s', (name, wanted) => {
  expect(nearestName(name, FIELDS)).toBe(wanted);
});

it.each(['note', 'x', '', 'prompt'])('%j is none of them', (name) => {
  expect(nearestName(name, FIELDS)).toBeUndefined();
});
