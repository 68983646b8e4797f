import { describe, expect, it } from 'vitest';
import { fittingColumns } from '../../../../viewer/view/fitting-columns.js';

const COLUMNS = [
  { name: 'node', width: 50 },
  { name: 'a', width: 100 },
  { name: 'b', width: 80 },
  { name: 'c', width: 30 },
  { name: 'd', width: 30 },
];

/** Names of the shown columns and of the hidden ones. */
function names(room: number, others: boolean): readonly [string, string] {
  const { shown, hidden } = fittingColumns(COLUMNS, room, others);
  return [shown.map(({ name }) => name).join(' '), hidden.map(({ name }) => name).join(' ')];
}

describe('columns that fit', () => {
  it('are all where there is room for all', () => {
    expect(names(290, false)).toEqual(['node a b c d', '']);
    expect(names(290, true)).toEqual(['node a b c d', '']);
  });

  it('are the first ones, up to the one that does not fit', () => {
    expect(names(289, false)).toEqual(['node a b c', 'd']);
    expect(names(230, false)).toEqual(['node a b', 'c d']);
    expect(names(179, false)).toEqual(['node a', 'b c d']);
  });

  it('are the others with as many of the first as fit, when those are asked for', () => {
    expect(names(289, true)).toEqual(['node a b d', 'c']);
    expect(names(230, true)).toEqual(['node a c d', 'b']);
    expect(names(179, true)).toEqual(['node b c', 'a d']);
  });

  it('have always the one that names the row', () => {
    expect(names(10, false)).toEqual(['node', 'a b c d']);
    expect(names(10, true)).toEqual(['node', 'a b c d']);
    expect(fittingColumns([], 100, false)).toEqual({ shown: [], hidden: [] });
  });

  it('leave no column that neither choice shows', () => {
    for (let room = 190; room <= 300; room++) {
      const seen = new Set([...names(room, false)[0].split(' '), ...names(room, true)[0].split(' ')]);
      expect(seen.size).toBe(COLUMNS.length);
    }
  });
});
