import { describe, expect, test } from 'vitest';
import { everyRow, matmul } from '../../../src/gpu/product/matmul.js';
import { Arena } from '../../../src/gpu/arena.js';
import { Gpu } from '../../../src/gpu/gpu.js';
import { tileLacks, TILES, usableTiles } from '../../../src/gpu/product/tiles.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { padBlocks } from '../../../src/model/layout.js';
import { activateAll, matmul as oracle } from '../../oracle/ops.js';
import { expectRounded, expectSame, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { rounded } from '../../support/narrow.js';
import { paddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';
import { PLAINEST, type ProductWay } from '../../support/tiles.js';
import { magnitude, multiply, quads, unpad, units, type Product } from './matmul-run.js';

export function activationTests(device: TestDevice, way: ProductWay): void {
  describe('activations', () => {
    // Ends of the range too: exponentials that overflow and vanish.
    const x = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 10);
    x.set([-100, 100, -1e-6, 1e-6, -1e-20, 0, 50, -50]);

    // Relative to the result, which an exponential of so large a number rounds.
    test.each([
      ['gelu', 12, (v: number) => v * v],
      ['gelu-tanh', 8, (v: number) => 1.6 * Math.abs(v + 0.044715 * v ** 3)],
      ['relu', 0, () => 0],
      ['silu', 6, (v: number) => Math.abs(v)],
    ] as const)('%s', async (activation, allowed, exponent) => {
      const got = await multiply(device.gpu, way, {
        rows: x.length,
        inner4: 1,
        a: paddedRows(x, 1),
        w: Float32Array.from([1, 1, 1, 1, ...Array<number>(12).fill(0)]),
        columns4: 1,
        bias: new Float32Array(4), // as in the engine: one pipeline to compile
        outStride: 1,
        outLength: 4 * x.length,
        activation,
      });
      const expected = activateAll(activation, x);
      // The oracle's own 1 + erf and 1 + tanh cancel to 2^-53 of x; below 2^-126 there is nothing but 0.
      const sizes = expected.map(
        (y, i) => Math.abs(y) * (1 + exponent(x[i]!)) + Math.abs(x[i]!) * 2 ** -29 + 2 ** -102,
      );
      for (let column = 0; column < 4; column++) {
        expectRounded(
          activation,
          got.filter((_, i) => i % 4 === column),
          expected,
          sizes,
          allowed,
        );
      }
    });
  });
}

/**
 * Products of every kind at once: jobs of several numbers of rows and ranges of columns, rows to listed places, a bias.
 */
function mixedProduct(): Product {
  const rng = randomNumbers(7);
  const [inner4, columns4, rows] = [21, 2 * PANEL4 + 11, 131];
  const sizes = [131, 0, 1, 8, 9, 31, 32, 33, 64, 65];
  const part = rows * columns4;
  return {
    rows,
    inner4,
    a: rng.normals(2 * rows * 4 * inner4),
    w: rng.normals(4 * inner4 * 4 * columns4),
    columns4,
    bias: rng.normals(4 * columns4),
    outStride: columns4,
    outLength: 4 * part * sizes.length,
    activation: 'silu',
    jobs: sizes.map((count, j) => {
      const [firstColumn4, endColumn4] = j % 2 === 0 ? [0, columns4] : [5 + j, columns4 - 7 * j];
      return { a: j * inner4, weight: 0, bias: 0, out: j * part, firstColumn4, endColumn4, rows: everyRow(count) };
    }),
    // The odd jobs' rows go to every other place, from the last one back.
    rowLists: sizes.map((count, j) =>
      Array.from({ length: count }, (_, r) => (j % 2 === 0 || count > rows / 2 ? r : 2 * (count - 1 - r))),
    ),
  };
}

export function sameBitsTest(device: TestDevice, way: ProductWay): void {
  test('gives the bits of the plainest tile', async () => {
    const product = mixedProduct();
    const expected = await multiply(device.gpu, PLAINEST, product);
    expectSame(way.name, await multiply(device.gpu, way, product), expected);
  });
}

export function storageTests(device: TestDevice, way: ProductWay): void {
  test.each(['f16', 'bf16'] as const)('weights in %s give the bits of the same weights in f32', async (storage) => {
    const mixed = mixedProduct();
    const product = { ...mixed, w: rounded(mixed.w, storage) };
    const wide = await multiply(device.gpu, way, product);
    expectSame('mixed', await multiply(device.gpu, way, { ...product, storage }), wide);
    const [rows, inner, columns] = [13, 130, 4 * PANEL4 + 5];
    const rng = randomNumbers(9);
    const [a, bias] = [rng.normals(rows * inner), rng.normals(columns)];
    const weights = rounded(rng.normals(inner * columns), storage);
    const got = await multiply(device.gpu, way, {
      rows,
      inner4: quads(inner),
      a: paddedRows(a, inner),
      w: padBlocks(weights, inner, columns, inner, columns),
      storage,
      columns4: quads(columns),
      bias: paddedRows(bias, columns),
      outStride: quads(columns),
      outLength: 4 * rows * quads(columns),
      activation: 'silu',
    });
    const linear = oracle(a, weights, bias, inner, columns);
    const sizes = magnitude(a, weights, bias, inner, columns);
    // The derivative of silu is at most 1.1; its own roundings are relative to the result.
    expectRounded(
      'product',
      unpad('product', got, columns),
      activateAll('silu', linear),
      sizes,
      1.1 * units(inner) + 6,
    );
  });
}

export function gateTest(device: TestDevice, way: ProductWay): void {
  test('multiplies what is in its place, and leaves other places alone', async () => {
    const product = mixedProduct();
    const before = randomNumbers(8).normals(product.outLength);
    const made = await multiply(device.gpu, way, product);
    const got = await multiply(device.gpu, way, { ...product, before, multiplies: true });
    const left = Math.fround(UNTOUCHED);
    const expected = before.map((value, i) => (made[i] === left ? value : value * made[i]!));
    expectSame('product', got, expected);
    const written = made.filter((value) => value !== left).length;
    expect(written).toBeGreaterThan(product.outLength / 8);
    expect(got.filter((value, i) => value !== before[i]).length).toBe(written);
  });
}

export function defaultTileTest(device: TestDevice): void {
  test('a product without a tile of its own has the one of its device', async () => {
    for (const tile of usableTiles(device.gpu.device)) {
      const gpu = new Gpu(device.gpu.device, device.gpu.adapter, { tile });
      const arena = new Arena(gpu);
      try {
        const buffer = arena.tensor('all of it', [4096]);
        const chunk = { data: { ...buffer, storage: 'f32' as const }, firstColumn4: 0, columns4: 1 };
        const matrix = { inner4: 1, columns4: 1, chunks: [chunk] };
        const shared = { a: buffer, out: arena.tensor('out', [4]), inner4: 1, outStride: 1, jobs: buffer, jobsAt: 0 };
        const bound = async (rows: number): Promise<readonly [string, number]> => {
          const { pieces } = await matmul(arena, matrix, 0, { ...shared, rows, bias: undefined });
          return [pieces[0]!.operation.kernel, pieces[0]!.rows];
        };
        expect(await bound(1000)).toEqual([TILES[tile].kernel, TILES[tile].rows]);
        const few = TILES[tile].kernel === 'matmul_blocked' ? 'matmul_narrow' : TILES[tile].kernel;
        expect(await bound(1)).toEqual([few, TILES[tile].fewRows]);
      } finally {
        arena.dispose();
      }
      expect(gpu.liveBytes).toBe(0);
    }
  });
}

/** Workgroups of several subgroups stand for an adapter whose subgroups are as large as the workgroup. */
export function wideSubgroupTest(device: TestDevice): void {
  test('workgroups of 32 invocations give the same bits', async ({ skip }) => {
    const lacking = tileLacks('subgroup-16', device.gpu.device);
    skip(lacking !== undefined, `the adapter lacks ${lacking}`);
    const wide: ProductWay = { name: 'subgroup-16', tile: 'subgroup-16' };
    const product = mixedProduct();
    const expected = await multiply(device.gpu, wide, product);
    const gpu = new Gpu(device.gpu.device, device.gpu.adapter);
    Object.defineProperty(gpu, 'subgroupLanes', { value: 32 });
    expectSame('wide', await multiply(gpu, wide, product), expected);
    expect(gpu.liveBytes).toBe(0);
  });
}
