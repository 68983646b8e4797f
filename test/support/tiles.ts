/** The ways to compute the matrix product, for tests of its kernels. */
import { beforeEach } from 'vitest';
import type { Piece } from '../../src/gpu/product/pieces.js';
import { TILE_NAMES, tileLacks, TILES, type TileName } from '../../src/gpu/product/tiles.js';
import type { TestDevice } from './gpu.js';

/** A kernel of the product; that of the transposed product has a name like it. */
export type ProductKernel = Piece['kernel'];

/** A tile, and where it chooses among several pieces the one to take. */
export interface ProductWay {
  readonly name: string;
  readonly tile: TileName;
  readonly pieces?: readonly Piece[];
  /** Differs from another way in sizes alone: it must give the bits of the plainest, and is not tested beyond that. */
  readonly variant?: boolean;
}

/** What the others are compared with. */
export const PLAINEST: ProductWay = { name: 'register-8', tile: 'register-8' };

/** Every piece that the tiles for cards choose from. */
const CARD_PIECES: readonly (Piece & Pick<ProductWay, 'tile' | 'variant'>)[] = [
  { tile: 'blocked-64', kernel: 'matmul_blocked', rows: 64, lanes: 16 },
  { tile: 'blocked-128', kernel: 'matmul_blocked', rows: 128, lanes: 32, variant: true },
  { tile: 'blocked-64', kernel: 'matmul_narrow', rows: 8, lanes: 8 },
  { tile: 'blocked-64', kernel: 'matmul_narrow', rows: 8, lanes: 2, variant: true },
];

export function waysOf(kernel: ProductKernel): ProductWay[] {
  const chosen = CARD_PIECES.filter((piece) => piece.kernel === kernel);
  if (chosen.length > 0) {
    return chosen.map(({ tile, variant = false, ...piece }) => ({
      name: `${tile}, ${piece.rows} x ${4 * piece.lanes}`,
      tile,
      pieces: [piece],
      variant,
    }));
  }
  return TILE_NAMES.filter((tile) => TILES[tile].kernel === kernel).map((tile) => ({ name: tile, tile }));
}

/** Tests that follow are skipped on an adapter that lacks what the tile needs. */
export function skipWithoutTile(device: TestDevice, { tile }: ProductWay): void {
  beforeEach(({ skip }) => {
    const lacking = tileLacks(tile, device.gpu.device);
    skip(lacking !== undefined, `the adapter lacks ${lacking}`);
  });
}
