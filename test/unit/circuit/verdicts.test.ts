import { describe, expect, it } from 'vitest';
import type { Role } from '../../../src/circuit/details.js';
import { looksOf } from '../../../src/circuit/looks.js';
import { earnedVerdicts, type VerdictUse } from '../../../src/circuit/verdicts.js';

/** A pattern [n, n] from the attention of every query to the tokens up to it. */
function patternOf(rows: readonly (readonly number[])[]): Float32Array {
  const pattern = new Float32Array(rows.length ** 2);
  rows.forEach((row, query) => row.forEach((share, key) => (pattern[query * rows.length + key] = share)));
  return pattern;
}

const ROLES: readonly Role[] = ['first', 'answer', 'other', 'answer', 'measured'];
const uniform = patternOf([1, 2, 3, 4, 5].map((n) => Array.from({ length: n }, () => 1 / n)));

describe('where a head looks', () => {
  it('is told by roles; tokens of one role count together, the strongest pair first', () => {
    const pattern = patternOf([[1], [1, 0], [1, 0, 0], [1, 0, 0, 0], [0.1, 0.25, 0.05, 0.35, 0.25]]);
    const looks = looksOf([pattern], [ROLES], [4]);
    expect(looks.map(({ from, at }) => [from, at])).toEqual([
      ['measured', 'answer'],
      ['measured', 'self'],
      ['measured', 'first'],
    ]);
    expect(looks[0]!.share).toBeCloseTo(0.6, 6);
    expect(looks[0]!.prompts).toBe(1);
  });

  it('calls a token the previous one only where it is nothing better', () => {
    const roles: Role[] = ['first', 'other', 'other', 'changed'];
    const pattern = patternOf([[1], [0.5, 0.5], [0, 0.7, 0.3], [0, 0, 0.6, 0.4]]);
    const from = (at: number) => looksOf([pattern], [roles], [at]).map((look) => [look.from, look.at]);
    expect(from(3)).toEqual([
      ['changed', 'previous'],
      ['changed', 'changed'],
    ]);
    expect(from(2)).toEqual([
      ['other', 'previous'],
      ['other', 'self'],
    ]);
    expect(from(1)).toContainEqual(['other', 'first']);
    expect(from(0)).toEqual([['first', 'self']]);
  });

  it('is a mean over the prompts that have the pair; one prompt alone does not come first', () => {
    const changed: Role[] = ['first', 'changed', 'other', 'other', 'measured'];
    const on = (key: number) => patternOf([[1], [1], [1], [1], [0, 0, 0, 0, 0].map((_, k) => Number(k === key))]);
    const looks = looksOf([on(1), uniform, uniform], [changed, ROLES, ROLES], [4, 4, 4]);
    expect(looks[0]).toMatchObject({ from: 'measured', at: 'changed', share: 1, prompts: 1 });
    const three = looksOf([on(1), on(3), on(3)], [changed, ROLES, ROLES], [4, 4, 4]);
    expect(three).toEqual([
      { from: 'measured', at: 'answer', share: 1, prompts: 2 },
      { from: 'measured', at: 'changed', share: 1, prompts: 1 },
    ]);
  });
});

describe('verdicts', () => {
  const use = (changes: Partial<VerdictUse>): VerdictUse => ({
    patterns: [uniform],
    tokens: [[1, 2, 3, 2, 3]],
    roles: [ROLES],
    at: [4],
    measured: [4],
    direct: [1],
    answerRank: [1],
    ...changes,
  });
  const kinds = (changes: Partial<VerdictUse>): string[] => earnedVerdicts(use(changes)).map(({ kind }) => kind);
  const previous = patternOf([[1], [1, 0], [0, 0.9, 0.1], [0, 0, 0.8, 0.2], [0, 0, 0, 0.4, 0.6]]);
  const induction = patternOf([[1], [1, 0], [1, 0, 0], [0.1, 0, 0.9, 0], [0.4, 0, 0, 0.6, 0]]);
  const duplicate = patternOf([[1], [1, 0], [1, 0, 0], [0, 0.6, 0.4, 0], [0.2, 0, 0.8, 0, 0]]);

  it('are earned from half of the attention on, among the tokens that have such a place', () => {
    expect(kinds({})).toEqual([]);
    const [verdict] = earnedVerdicts(use({ patterns: [previous], answerRank: null }));
    expect(verdict!.kind).toBe('previous-token');
    expect(verdict!.share).toBeCloseTo((0.9 + 0.8 + 0.4) / 3, 6);
    expect(kinds({ patterns: [induction], answerRank: null })).toEqual(['induction', 'previous-token']);
    expect(kinds({ patterns: [duplicate], answerRank: null })).toEqual(['duplicate-token']);
    const weaker = previous.map((share) => share * 0.7);
    expect(kinds({ patterns: [weaker], answerRank: null })).toEqual([]);
  });

  it('of repeated tokens need most prompts to repeat some', () => {
    const tokens = [
      [1, 2, 3, 2, 3],
      [1, 2, 3, 4, 5],
    ];
    const two = { patterns: [duplicate, duplicate], roles: [ROLES, ROLES], at: [4, 4], measured: [4, 4] };
    expect(kinds({ ...two, tokens, answerRank: null })).toEqual([]);
    expect(kinds({ ...two, tokens: [tokens[0]!, tokens[0]!], answerRank: null })).toEqual(['duplicate-token']);
  });

  it('count a head as name mover that looks at the answer, promotes it and stands where it is measured', () => {
    const mover = patternOf([[1], [1], [1], [1], [0.2, 0.3, 0.1, 0.3, 0.1]]);
    expect(earnedVerdicts(use({ patterns: [mover] }))).toEqual([{ kind: 'name-mover', share: expect.closeTo(0.6, 6) }]);
    expect(kinds({ patterns: [mover], direct: null })).toEqual(['name-mover']);
    expect(kinds({ patterns: [mover], direct: [-1] })).toEqual([]);
    expect(kinds({ patterns: [mover], answerRank: [11] })).toEqual([]);
    expect(kinds({ patterns: [mover], answerRank: null })).toEqual([]);
    expect(kinds({ patterns: [mover], measured: [3] })).toEqual([]);
    expect(kinds({ patterns: [mover], roles: [ROLES.map(() => 'other')] })).toEqual([]);
  });
});
