import { describe, test } from 'vitest';
import { everyRow } from '../../../src/gpu/product/matmul.js';
import { padBlocks } from '../../../src/model/layout.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { matmul as oracle } from '../../oracle/ops.js';
import { expectRounded, expectSame, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';
import { PLAINEST, skipWithoutTile, waysOf, type ProductKernel, type ProductWay } from '../../support/tiles.js';
import { multiply, magnitude, unpad, units, quads } from './matmul-run.js';
import {
  activationTests,
  gateTest,
  sameBitsTest,
  storageTests,
  defaultTileTest,
  wideSubgroupTest,
} from './matmul-tiles.js';

/** The tests of one of the kernels of the product, with each of its tiles. */
export function matmulTests(kernel: ProductKernel): (device: TestDevice) => void {
  return (device) => {
    describe.each(waysOf(kernel))('$name', (way) => {
      skipWithoutTile(device, way);
      if (!way.variant) {
        productTests(device, way);
        gateTest(device, way);
        storageTests(device, way);
      }
      if (way.tile !== 'register-8') sameBitsTest(device, way);
    });
    if (kernel === 'matmul_subgroup') wideSubgroupTest(device);
    if (kernel !== 'matmul') return;
    activationTests(device, PLAINEST); // the kernels share that code
    defaultTileTest(device);
  };
}

function productTests(device: TestDevice, way: ProductWay): void {
  const rng = randomNumbers(1);

  test.each([
    [1, 1, 1],
    [1, 7, 3],
    [3, 4, 5],
    [7, 9, 9],
    [8, 16, 17],
    [9, 33, 40],
    [13, 130, 66],
    [16, 21, 128],
    [25, 12, 131],
    [33, 37, 20],
    [71, 50, 133],
    [2, 5, 1027],
    [1, 3072, 70],
  ])('%i rows, %i inner, %i columns', async (rows, inner, columns) => {
    const [a, w, bias] = [rng.normals(rows * inner), rng.normals(inner * columns), rng.normals(columns)];
    const product = {
      rows,
      inner4: quads(inner),
      a: paddedRows(a, inner),
      w: padBlocks(w, inner, columns, inner, columns),
      columns4: quads(columns),
      outStride: quads(columns),
      outLength: 4 * rows * quads(columns),
    };
    const plain = unpad('product', await multiply(device.gpu, way, product), columns);
    expectRounded(
      'product',
      plain,
      oracle(a, w, null, inner, columns),
      magnitude(a, w, null, inner, columns),
      units(inner),
    );
    const got = unpad(
      'with bias',
      await multiply(device.gpu, way, { ...product, bias: paddedRows(bias, columns) }),
      columns,
    );
    expectRounded(
      'with bias',
      got,
      oracle(a, w, bias, inner, columns),
      magnitude(a, w, bias, inner, columns),
      units(inner),
    );
  });

  test('jobs choose their rows, columns, bias and place; what no job makes is left alone', async () => {
    // Three panels of columns, of which jobs make some runs.
    const [rows, inner, columns4] = [11, 10, 2 * PANEL4 + 5];
    const [inner4, columns] = [quads(inner), 4 * columns4];
    const inputs = [rng.normals(rows * inner), rng.normals(rows * inner)];
    const w = rng.normals(inner * columns);
    const bias = rng.normals(columns);
    const chosen = [
      { input: 1, panel: 2, first: 0, end: 5 },
      { input: 0, panel: 0, first: 3, end: 4 },
      { input: 1, panel: 0, first: 4, end: 32 },
      { input: 0, panel: 1, first: 7, end: 20 },
    ];
    const out = await multiply(device.gpu, way, {
      rows,
      inner4,
      a: paddedRows(
        inputs.flatMap((a) => [...a]),
        inner,
      ),
      w: padBlocks(w, inner, columns, inner, columns),
      columns4,
      panels: 1,
      bias,
      outStride: columns4,
      outLength: rows * columns,
      jobs: chosen.map(({ input, panel, first, end }) => ({
        a: input * rows * inner4,
        weight: panel * 4 * inner4 * PANEL4,
        bias: panel * PANEL4,
        out: panel * PANEL4,
        firstColumn4: first,
        endColumn4: end,
        rows: everyRow(rows),
      })),
    });
    const results = inputs.map((a) => oracle(a, w, bias, inner, columns));
    const sizes = inputs.map((a) => magnitude(a, w, bias, inner, columns));
    const jobOf = (column: number): (typeof chosen)[number] | undefined =>
      chosen.find(({ panel, first, end }) => {
        const within = Math.floor(column / 4) - panel * PANEL4;
        return within >= first && within < end;
      });
    for (let column = 0; column < columns; column++) {
      const own = (x: ArrayLike<number>): number[] => Array.from({ length: rows }, (_, r) => x[r * columns + column]!);
      const job = jobOf(column);
      if (!job) expectSame(`column ${column}`, own(out), untouched(rows));
      else expectRounded('jobs', own(out), own(results[job.input]!), own(sizes[job.input]!), units(inner));
    }
  });

  test('jobs over blocks of rows of W: each head with its part of the output matrix', async () => {
    const [rows, headWidth, heads, width] = [5, 6, 3, 10];
    const [head4, width4] = [quads(headWidth), quads(width)];
    const z = Array.from({ length: heads }, () => rng.normals(rows * headWidth));
    const w = rng.normals(heads * headWidth * width);
    const out = await multiply(device.gpu, way, {
      rows,
      inner4: head4,
      a: paddedRows(
        z.flatMap((part) => [...part]),
        headWidth,
      ),
      w: padBlocks(w, heads * headWidth, width, headWidth, width),
      columns4: width4,
      outStride: width4,
      outLength: 4 * heads * rows * width4,
      jobs: z.map((_, h) => ({
        a: h * rows * head4,
        weight: h * 4 * head4 * PANEL4,
        bias: 0,
        out: h * rows * width4,
        firstColumn4: 0,
        endColumn4: width4,
        rows: everyRow(rows),
      })),
    });
    const size = 4 * rows * width4;
    z.forEach((part, h) => {
      const own = w.subarray(h * headWidth * width, (h + 1) * headWidth * width);
      const got = unpad(`head ${h}`, out.subarray(h * size, (h + 1) * size), width);
      const sizes = magnitude(part, own, null, headWidth, width);
      expectRounded(`head ${h}`, got, oracle(part, own, null, headWidth, width), sizes, units(headWidth));
    });
  });

  test('a row gives the same bits in chunks of columns, among other rows and among other jobs', async () => {
    const [rows, inner4, columns4] = [19, 9, 4 * PANEL4 + 3];
    const product = {
      inner4,
      a: rng.normals(rows * 4 * inner4),
      w: rng.normals(4 * inner4 * 4 * columns4),
      columns4,
      bias: rng.normals(4 * columns4),
      outStride: columns4,
    };
    const size = 4 * rows * columns4;
    const whole = await multiply(device.gpu, way, { ...product, rows, outLength: size });
    for (const panelsPerChunk of [1, 2, 4]) {
      const chunked = await multiply(device.gpu, way, { ...product, rows, panelsPerChunk, outLength: size });
      expectSame(`${panelsPerChunk} panels a chunk`, chunked, whole);
    }
    for (const row of [0, 7, 8, 18]) {
      const jobs = [0, row, 5].map((from, j) => {
        return {
          a: from * inner4,
          weight: 0,
          bias: 0,
          out: j * columns4,
          firstColumn4: 0,
          endColumn4: columns4,
          rows: everyRow(1),
        };
      });
      const alone = await multiply(device.gpu, way, { ...product, rows: 1, outLength: 12 * columns4, jobs });
      const expected = whole.subarray(4 * row * columns4, 4 * (row + 1) * columns4);
      expectSame(`row ${row} alone`, alone.subarray(4 * columns4, 8 * columns4), expected);
    }
  });

  test('jobs of different numbers of rows, each row to its place; other rows are left alone', async () => {
    const [inner4, columns4] = [7, PANEL4 + 9];
    const rowLists = [[17], [3, 0, 9, 4, 21, 22, 30, 1, 12, 13], [], [6, 5, 8, 7, 2, 10, 11, 14]];
    const a = rng.normals(11 * 4 * inner4);
    const shared = { inner4, a, w: rng.normals(4 * inner4 * 4 * columns4), columns4, outStride: columns4 };
    const whole = await multiply(device.gpu, way, { ...shared, rows: 11, outLength: 4 * 11 * columns4 });
    const got = await multiply(device.gpu, way, {
      ...shared,
      rows: 10,
      outLength: 4 * 32 * columns4,
      rowLists,
      jobs: rowLists.map((_, j) => {
        return {
          a: j === 3 ? inner4 : 0,
          weight: 0,
          bias: 0,
          out: 0,
          firstColumn4: 0,
          endColumn4: columns4,
          rows: everyRow(0),
        };
      }),
    });
    const row = (x: Float32Array, r: number): Float32Array => x.subarray(4 * r * columns4, 4 * (r + 1) * columns4);
    const expected = new Map(rowLists.flatMap((list, j) => list.map((to, r) => [to, row(whole, j === 3 ? r + 1 : r)])));
    for (let r = 0; r < 32; r++) expectSame(`row ${r}`, row(got, r), expected.get(r) ?? untouched(4 * columns4));
  });
}
