import { describe, expect, it } from 'vitest';
import { rolesOf } from '../../../src/circuit/roles.js';

describe('roles of tokens', () => {
  const ioi = {
    clean: ['<bos>', ' Mary', ' and', ' John', ' met', ' John', ' gave', ' Mary', ' to'],
    corrupted: ['<bos>', ' Mary', ' and', ' John', ' met', ' Mary', ' took', ' Mary', ' to'],
    position: 8,
    correct: [' Mary'],
    wrong: [' John'],
  };

  it('go to the first that fits: answers before what changed, before where it stands', () => {
    expect(rolesOf(ioi)).toEqual([
      'first',
      'answer',
      'other',
      'wrong-first',
      'other',
      'wrong-later',
      'changed',
      'answer',
      'measured',
    ]);
  });

  it('tell each wrong answer its own first mention, and no answer by another spelling', () => {
    const roles = rolesOf({
      clean: ['John', ' John', ' Ann', ' John', ' Ann'],
      corrupted: ['John', ' John', ' Ann', ' John', ' Ann'],
      position: 4,
      correct: [' Mary'],
      wrong: [' John', ' Ann'],
    });
    expect(roles).toEqual(['first', 'wrong-first', 'wrong-first', 'wrong-later', 'wrong-later']);
  });

  it('of a token that is right and wrong are those of an answer; a token alone is measured', () => {
    const one = { clean: [7], corrupted: [7], position: 0 };
    expect(rolesOf({ ...one, correct: [7], wrong: [7] })).toEqual(['answer']);
    expect(rolesOf({ ...one, correct: [], wrong: [] })).toEqual(['measured']);
  });

  it('by ids are those by texts', () => {
    const words = [...new Set([...ioi.clean, ...ioi.corrupted])];
    const ids = (texts: readonly string[]): number[] => texts.map((text) => words.indexOf(text));
    const { clean, corrupted, position, correct, wrong } = ioi;
    expect(
      rolesOf({
        clean: ids(clean),
        corrupted: ids(corrupted),
        position,
        correct: ids(correct),
        wrong: ids(wrong),
      }),
    ).toEqual(rolesOf(ioi));
  });
});
