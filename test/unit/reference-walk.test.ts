/** The walk over stored results fails on every leaf that is off or that nothing compares. */
import { expect, test } from 'vitest';
import { expectEveryLeaf, type WalkRule } from '../support/reference-walk.js';

const reference = {
  note: 'words',
  rows: [0, 8],
  of: { a: 1, b: 2 },
  top: [
    ['x', 0.5],
    ['y', 0.3],
    ['z', 0.2999],
  ],
};
const rules: WalkRule[] = [
  { at: 'note', excepted: 'explains' },
  { at: 'rows.*', equal: true },
  { at: 'of.*', within: 0.1 },
  { at: 'top', ranked: 0.01 },
];

test('counts what it compared, within tolerances; near ranks may change places', () => {
  expect(expectEveryLeaf({ ...reference, note: 'other', of: { a: 1.05, b: 2 } }, reference, rules)).toBe(10);
  const swapped = [
    ['x', 0.5],
    ['z', 0.3],
    ['y', 0.2999],
  ];
  expect(expectEveryLeaf({ ...reference, top: swapped }, reference, rules)).toBe(10);
});

test.each<[string, unknown, readonly WalkRule[]]>([
  ['a leaf without a rule', reference, rules.slice(0, -1)],
  ['a number that is off', { ...reference, of: { a: 1.2, b: 2 } }, rules],
  ['NaN', { ...reference, of: { a: Number.NaN, b: 2 } }, rules],
  ['one that is missing', { ...reference, of: { a: 1 } }, rules],
  ['a list of another length', { ...reference, rows: [0, 8, 9] }, rules],
  [
    'another token',
    {
      ...reference,
      top: [
        ['w', 0.5],
        ['y', 0.3],
        ['z', 0.2999],
      ],
    },
    rules,
  ],
  [
    'another value',
    {
      ...reference,
      top: [
        ['x', 0.4],
        ['y', 0.3],
        ['z', 0.2999],
      ],
    },
    rules,
  ],
  ['nothing at all', {}, rules],
])('fails on %s', (_, got, by) => {
  expect(() => expectEveryLeaf(got, reference, by)).toThrow('to deeply equal []');
});
