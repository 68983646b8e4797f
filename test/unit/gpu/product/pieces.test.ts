import { describe, expect, test } from 'vitest';
import { choosePiece, gridOf, piecesOf, type Piece } from '../../../../src/gpu/product/pieces.js';
import { TILE_NAMES, TILES } from '../../../../src/gpu/product/tiles.js';

const card = { subgroupLanes: 32 };
const said = ({ kernel, rows, lanes }: Piece): string => `${kernel} ${rows} x ${4 * lanes}`;

describe('pieces of a tile', () => {
  test.each(TILE_NAMES.filter((name) => TILES[name].kernel !== 'matmul_blocked'))('%s has one', (name) => {
    const { kernel, rows, fewRows } = TILES[name];
    for (const productRows of [1, fewRows, fewRows + 1, 1000]) {
      const pieces = piecesOf(card, name, productRows);
      expect(pieces.map(said)).toEqual([`${kernel} ${productRows <= fewRows ? fewRows : rows} x 128`]);
    }
  });

  test('a subgroup tile is no wider than a subgroup', () => {
    expect(piecesOf({ subgroupLanes: 8 }, 'subgroup-8', 9)[0]!.lanes).toBe(8);
    expect(piecesOf({ subgroupLanes: 64 }, 'subgroup-8', 9)[0]!.lanes).toBe(32);
  });

  test('a tile for cards has squares for which there are rows, and narrow ones', () => {
    const narrow = ['matmul_narrow 8 x 32', 'matmul_narrow 8 x 8'];
    const [small, large] = ['matmul_blocked 64 x 64', 'matmul_blocked 128 x 128'];
    expect(piecesOf(card, 'blocked-128', 65).map(said)).toEqual([large, small, ...narrow]);
    expect(piecesOf(card, 'blocked-128', 64).map(said)).toEqual([small, ...narrow]);
    expect(piecesOf(card, 'blocked-128', 32).map(said)).toEqual(narrow);
    expect(piecesOf(card, 'blocked-64', 1000).map(said)).toEqual([small, ...narrow]);
  });

  test('every piece covers a panel in whole steps', () => {
    for (const name of TILE_NAMES) for (const { lanes } of piecesOf(card, name, 1000)) expect(32 % lanes).toBe(0);
  });
});

describe('choice among them', () => {
  const chosen = (rows: number, columns: number, jobs: number): string =>
    said(choosePiece(piecesOf(card, 'blocked-128', 4096), rows, columns / 4, jobs));

  test.each([
    [4096, 3072, 1, 'matmul_blocked 128 x 128'],
    [512, 768, 1, 'matmul_narrow 8 x 32'], // 24 and 96 workgroups of the larger pieces
    [1024, 768, 1, 'matmul_blocked 64 x 64'],
    [128, 768, 11, 'matmul_blocked 64 x 64'],
    [128, 768, 22, 'matmul_blocked 128 x 128'],
    [8, 50_257, 1, 'matmul_narrow 8 x 32'],
    [8, 768, 1, 'matmul_narrow 8 x 8'], // 24 workgroups of 32 columns
    [1, 768, 100, 'matmul_narrow 8 x 32'], // no 64-row tile for single rows
    [32, 3072, 100, 'matmul_narrow 8 x 32'],
    [33, 3072, 100, 'matmul_blocked 64 x 64'],
    [1, 4, 1, 'matmul_narrow 8 x 8'],
  ])('%i rows of %i columns, %i jobs: %s', (rows, columns, jobs, expected) => {
    expect(chosen(rows, columns, jobs)).toBe(expected);
  });

  test('a grid covers rows and columns', () => {
    const piece: Piece = { kernel: 'matmul_narrow', rows: 8, lanes: 2 };
    expect(gridOf(piece, 8, 32)).toEqual([16, 1]);
    expect(gridOf(piece, 9, 33)).toEqual([17, 2]);
  });
});
