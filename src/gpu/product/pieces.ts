import type { Gpu } from '../gpu.js';
import { PANEL4 } from './matrix.js';
import { TILES, type TileName } from './tiles.js';

/** What one workgroup makes of a product: `rows` rows by `lanes` vec4 columns, with a kernel. */
export interface Piece {
  readonly kernel: 'matmul' | 'matmul_subgroup' | 'matmul_workgroup' | 'matmul_blocked' | 'matmul_narrow';
  readonly rows: number;
  readonly lanes: number;
}

/** Pieces of kernels/matmul_narrow.wgsl, for products of few rows or columns. */
const NARROW: readonly Piece[] = [8, 2].map((lanes) => ({ kernel: 'matmul_narrow', rows: 8, lanes }));

/**
 * Pieces in which a tile computes products of so many rows, from the largest on. Tiles for cards have several: a large
 * piece reads less memory, small ones keep more of the card busy.
 */
export function piecesOf(gpu: Pick<Gpu, 'subgroupLanes'>, name: TileName, productRows: number): readonly Piece[] {
  const tile = TILES[name];
  const { kernel } = tile;
  if (kernel === 'matmul_blocked') {
    const squares = [128, 64].filter((side) => side <= tile.rows && productRows > side / 2);
    return [...squares.map((side): Piece => ({ kernel, rows: side, lanes: side / 4 })), ...NARROW];
  }
  const rows = productRows <= tile.fewRows ? tile.fewRows : tile.rows;
  // A workgroup of a subgroup kernel must be part of one subgroup.
  return [{ kernel, rows, lanes: kernel === 'matmul_subgroup' ? Math.min(PANEL4, gpu.subgroupLanes) : PANEL4 }];
}

/** Workgroups that keep a card busy: one for each of its multiprocessors, of which large cards have 100 to 150. */
const FILLING = 128;

/** Number of workgroups in x and y that cover a product. */
export function gridOf({ rows, lanes }: Piece, productRows: number, columns4: number): readonly [number, number] {
  return [Math.ceil(columns4 / lanes), Math.ceil(productRows / rows)];
}

/**
 * The largest piece that fills a card without wasting more than half of its rows; where none does, the smallest.
 *
 * @param jobs products side by side. @param columns4 columns of each, in vec4s.
 */
export function choosePiece<P extends Piece>(
  pieces: readonly P[],
  productRows: number,
  columns4: number,
  jobs: number,
): P {
  const smallest = pieces.at(-1)!;
  const suits = (piece: P): boolean => {
    const [x, y] = gridOf(piece, productRows, columns4);
    const wastes = piece.rows > smallest.rows && 2 * productRows <= piece.rows;
    return !wastes && x * y * jobs >= FILLING;
  };
  return pieces.find(suits) ?? smallest;
}
