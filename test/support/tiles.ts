/** The tiles of the matrix product, for tests of its kernels. */
import { beforeEach } from 'vitest';
import { TILE_NAMES, tileLacks, TILES, type TileName } from '../../src/gpu/product/tiles.js';
import type { TestDevice } from './gpu.js';

/** A kernel of the product, or of that with a transposed matrix. */
export type ProductKernel = (typeof TILES)[TileName]['kernel'];

export function tilesOf(kernel: ProductKernel): TileName[] {
  return TILE_NAMES.filter((name) => TILES[name].kernel === kernel);
}

/** Tests that follow are skipped on an adapter that lacks what the tile needs. */
export function skipWithoutTile(device: TestDevice, tile: TileName): void {
  beforeEach(({ skip }) => {
    const lacking = tileLacks(tile, device.gpu.device);
    skip(lacking !== undefined, `the adapter lacks ${lacking}`);
  });
}
