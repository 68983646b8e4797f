import { describe, test } from 'vitest';
import type { WeightStorage } from '../../../src/base/stored-values.js';
import { matmulTransposed, runTransposed, type TransposedJob } from '../../../src/gpu/product/transposed.js';
import { Arena } from '../../../src/gpu/arena.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { padBlocks } from '../../../src/model/layout.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { packRows } from '../../../src/gpu/product/panels.js';
import { matmulTransposed as oracle } from '../../oracle/ops.js';
import { expectRounded, expectSame, untouched, type TestDevice } from '../../support/gpu.js';
import { narrowed, rounded } from '../../support/narrow.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';
import { PLAINEST, skipWithoutTile, waysOf, type ProductKernel, type ProductWay } from '../../support/tiles.js';

const quads = (n: number): number => Math.ceil(n / 4);
const absolute = (x: Float32Array): Float32Array => x.map(Math.abs);
/** Roundings of a sum of n terms partly cancel. */
const units = (terms: number): number => 5 + Math.sqrt(terms) / 4;

interface Product {
  readonly rows: number;
  readonly dy: Float32Array;
  readonly dyStride: number;
  /** [4 inner4, 4 columns4], row-major. */
  readonly w: Float32Array<ArrayBuffer>;
  /** How the weights are stored; default f32. */
  readonly storage?: WeightStorage;
  readonly columns4: number;
  readonly outLength: number;
  readonly jobs: readonly TransposedJob[];
  readonly panelsPerChunk?: number;
}

async function multiply(
  gpu: Gpu,
  { tile, pieces }: ProductWay,
  { rows, w, columns4, jobs, ...product }: Product,
): Promise<Float32Array> {
  const arena = new Arena(gpu);
  try {
    const inner4 = w.length / columns4 / 16;
    const panelBytes = 4 * inner4 * 4 * PANEL4 * 4;
    const maxBytes = (product.panelsPerChunk ?? Math.ceil(columns4 / PANEL4)) * panelBytes;
    const matrix = await packRows(arena, 'w', narrowed(w, product.storage ?? 'f32'), inner4, maxBytes);
    const out = arena.upload('out', untouched(product.outLength));
    const dy = arena.upload('dy', product.dy);
    const bound = await matmulTransposed(arena, matrix, {
      dy,
      out,
      rows,
      dyStride: product.dyStride,
      jobs,
      tile,
      ...(pieces && { pieces }),
    });
    const recording = gpu.record();
    runTransposed(gpu, recording, bound);
    recording.submit();
    return new Float32Array(await gpu.read(out)).subarray(0, product.outLength);
  } finally {
    arena.dispose();
  }
}

/**
 * The tests of one of the kernels of the product with a transposed matrix, with each of the forward product's tiles.
 */
export function matmulTransposedTests(kernel: ProductKernel): (device: TestDevice) => void {
  return (device) => {
    describe.each(waysOf(kernel))('$name', (way) => {
      skipWithoutTile(device, way);
      if (!way.variant) {
        productTests(device, way);
        storageTests(device, way);
      }
      if (way.tile !== 'register-8') sameBitsTest(device, way);
    });
  };
}

function productTests(device: TestDevice, way: ProductWay): void {
  const rng = randomNumbers(41);

  test.each([
    [1, 1, 1],
    [1, 3, 7],
    [3, 5, 4],
    [7, 9, 9],
    [8, 17, 16],
    [9, 40, 33],
    [13, 130, 66],
    [16, 131, 128],
    [71, 140, 50],
    [5, 260, 129],
    [2, 5, 1027],
    [1, 70, 3072],
  ])('%i rows, %i inner, %i columns', async (rows, inner, columns) => {
    const [dy, w] = [rng.normals(rows * columns), rng.normals(inner * columns)];
    const size = 4 * rows * quads(inner);
    const got = await multiply(device.gpu, way, {
      rows,
      dy: paddedRows(dy, columns),
      dyStride: quads(columns),
      w: padBlocks(w, inner, columns, inner, columns),
      columns4: quads(columns),
      outLength: size + 4,
      jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: quads(columns) }],
    });
    expectSame('beyond the last row', got.subarray(size), untouched(4));
    const real = unpaddedRows(got.subarray(0, size), inner);
    expectSame('padding', got.subarray(0, size), paddedRows(real, inner));
    const sizes = oracle(absolute(dy), absolute(w), columns);
    expectRounded('product', real, oracle(dy, w, columns), sizes, units(columns));
  });

  test('jobs over columns that lie across panels: each head port with its part of the matrix', async () => {
    const [rows, width, headWidth, ports] = [5, 10, 22, 9];
    const [head4, width4] = [quads(headWidth), quads(width)];
    const dy = Array.from({ length: ports }, () => rng.normals(rows * headWidth));
    const w = rng.normals(width * ports * headWidth);
    const product = {
      rows,
      dy: paddedRows(
        dy.flatMap((part) => [...part]),
        headWidth,
      ),
      dyStride: head4,
      w: padBlocks(w, width, ports * headWidth, width, headWidth),
      columns4: ports * head4,
      outLength: 4 * ports * rows * width4,
      jobs: dy.map((_, p) => ({
        dy: p * rows * head4,
        out: p * rows * width4,
        firstColumn4: p * head4,
        endColumn4: (p + 1) * head4,
      })),
    };
    const size = 4 * rows * width4;
    // In chunks the port across their border is added up from both.
    for (const panelsPerChunk of [2, 1]) {
      const out = await multiply(device.gpu, way, { ...product, panelsPerChunk });
      dy.forEach((part, p) => {
        const own = Float32Array.from({ length: width * headWidth }, (_, i) => {
          return w[Math.floor(i / headWidth) * ports * headWidth + p * headWidth + (i % headWidth)]!;
        });
        const got = unpaddedRows(out.subarray(p * size, (p + 1) * size), width);
        const sizes = oracle(absolute(part), absolute(own), headWidth);
        expectRounded(`port ${p}`, got, oracle(part, own, headWidth), sizes, units(headWidth));
      });
    }
  });

  test('a row gives the same bits in any batch; the whole matrix in chunks is within rounding', async () => {
    const [rows, inner4, columns4] = [19, 9, 4 * PANEL4 + 3];
    const columns = 4 * columns4;
    const [dy, w] = [rng.normals(rows * columns), rng.normals(4 * inner4 * columns)];
    const whole = { firstColumn4: 0, endColumn4: columns4 };
    const product = { w, columns4, dyStride: columns4, jobs: [{ dy: 0, out: 0, ...whole }] };
    const all = await multiply(device.gpu, way, { ...product, rows, dy, outLength: 4 * rows * inner4 });
    for (const row of [0, 7, 8, 18]) {
      const jobs = [{ dy: row * columns4, out: inner4, ...whole }];
      const alone = await multiply(device.gpu, way, { ...product, rows: 1, dy, jobs, outLength: 8 * inner4 });
      expectSame(`row ${row}`, alone.subarray(4 * inner4), all.subarray(4 * row * inner4, 4 * (row + 1) * inner4));
      expectSame('left alone', alone.subarray(0, 4 * inner4), untouched(4 * inner4));
    }
    for (const panelsPerChunk of [1, 2]) {
      const chunked = await multiply(device.gpu, way, {
        ...product,
        rows,
        dy,
        panelsPerChunk,
        outLength: 4 * rows * inner4,
      });
      const sizes = oracle(absolute(dy), absolute(w), columns);
      expectRounded('in chunks', chunked, oracle(dy, w, columns), sizes, units(columns));
    }
  });
}

function storageTests(device: TestDevice, way: ProductWay): void {
  test.each(['f16', 'bf16'] as const)('weights in %s give the bits of the same weights in f32', async (storage) => {
    const rng = randomNumbers(44);
    const [rows, inner, columns] = [19, 70, 4 * (2 * PANEL4 + 7)];
    const [dy, w] = [rng.normals(rows * columns), rounded(rng.normals(inner * columns), storage)];
    const product = {
      rows,
      dy,
      dyStride: columns / 4,
      w: padBlocks(w, inner, columns, inner, columns),
      columns4: columns / 4,
      outLength: 4 * rows * quads(inner),
      jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: columns / 4 }],
    };
    const got = unpaddedRows(await multiply(device.gpu, way, { ...product, storage }), inner);
    expectRounded('product', got, oracle(dy, w, columns), oracle(absolute(dy), absolute(w), columns), units(columns));
    for (const panelsPerChunk of [1, 3]) {
      const both = { ...product, panelsPerChunk };
      const wide = await multiply(device.gpu, way, both);
      expectSame(`${panelsPerChunk} panels a chunk`, await multiply(device.gpu, way, { ...both, storage }), wide);
    }
  });
}

function sameBitsTest(device: TestDevice, way: ProductWay): void {
  test('gives the bits of the register tile', async () => {
    const rng = randomNumbers(43);
    for (const [rows, inner4, columns4] of [
      [3, 2, 5],
      [17, 33, PANEL4 + 2],
      [70, 40, 2 * PANEL4 + 7],
      [133, 35, PANEL4 + 3],
    ] as const) {
      const product = {
        rows,
        dy: rng.normals(rows * 4 * columns4),
        dyStride: columns4,
        w: rng.normals(4 * inner4 * 4 * columns4),
        columns4,
        outLength: 4 * rows * inner4,
        // The columns from 1 on, so that steps of a tile do not begin with the panel.
        jobs: [{ dy: 1, out: 0, firstColumn4: 1, endColumn4: columns4 }],
      };
      const expected = await multiply(device.gpu, PLAINEST, product);
      expectSame(`${way.name}, ${rows} rows`, await multiply(device.gpu, way, product), expected);
    }
  });
}
