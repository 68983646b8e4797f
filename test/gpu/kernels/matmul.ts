import { describe, expect, test } from 'vitest';
import { everyRow, jobWords, matmul, runMatmul, type MatmulJob } from '../../../src/gpu/product/matmul.js';
import { Arena } from '../../../src/gpu/arena.js';
import { jobSize } from '../../../src/gpu/kernel.js';
import { Gpu } from '../../../src/gpu/gpu.js';
import { tileLacks, TILES, usableTiles, type TileName } from '../../../src/gpu/product/tiles.js';
import { padBlocks } from '../../../src/model/layout.js';
import { ACTIVATIONS } from '../../../src/block/activation.js';
import type { Activation } from '../../../src/model/spec.js';
import { packMatrix, PANEL4 } from '../../../src/gpu/product/matrix.js';
import { activateAll, matmul as oracle } from '../../oracle/ops.js';
import { expectRounded, expectSame, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';
import { skipWithoutTile, tilesOf, type ProductKernel } from '../../support/tiles.js';

/** One product on the device; everything is padded to vec4s. */
interface Product {
  readonly rows: number;
  readonly inner4: number;
  readonly a: Float32Array;
  /** [panelRows, 4 columns4], row-major. */
  readonly w: Float32Array;
  readonly columns4: number;
  /** Panels in one binding; all of them where absent. */
  readonly panelsPerChunk?: number;
  readonly panels?: number;
  readonly bias?: Float32Array;
  readonly outStride: number;
  readonly outLength: number;
  /** Jobs on each chunk; where absent, one that makes all of the chunk. */
  readonly jobs?: readonly MatmulJob[];
  /** Per job the row of `out` that each of its rows goes to, in place of its own `rows`. */
  readonly rowLists?: readonly (readonly number[])[];
  readonly activation?: Activation;
}

async function multiply(gpu: Gpu, tile: TileName, product: Product): Promise<Float32Array> {
  const { rows, inner4, w, columns4, outStride, activation } = product;
  const arena = new Arena(gpu);
  try {
    const a = arena.upload('a', product.a);
    const out = arena.upload('out', untouched(product.outLength));
    const bias = product.bias && arena.upload('bias', product.bias);
    const matrixInner4 = w.length / columns4 / 16;
    const panelBytes = 4 * matrixInner4 * 4 * PANEL4 * 4;
    const maxBytes = (product.panelsPerChunk ?? Math.ceil(columns4 / PANEL4)) * panelBytes;
    const matrix = packMatrix(arena, 'w', matrixInner4, columns4, maxBytes, (panel, first, count) => {
      for (let r = 0; r < 4 * matrixInner4; r++) {
        panel.set(w.subarray(r * 4 * columns4 + first, r * 4 * columns4 + first + count), r * 4 * PANEL4);
      }
    });
    const recording = gpu.record();
    for (const [i, { firstColumn4, columns4: end }] of matrix.chunks.entries()) {
      const whole = {
        a: 0,
        weight: 0,
        bias: firstColumn4,
        out: firstColumn4,
        firstColumn4: 0,
        endColumn4: end,
        rows: everyRow(rows),
      };
      const list = product.jobs ?? [whole];
      // Words before the first job show that jobsAt is honoured; those after the last are the row lists.
      const words = [9999, 9999, ...list.flatMap(jobWords)];
      const listed = list.map((job, j) => {
        if (!product.rowLists?.[j]) return job;
        words.push(...product.rowLists[j]);
        return { ...job, rows: { count: product.rowLists[j].length, at: words.length - product.rowLists[j].length } };
      });
      words.splice(2, list.length * jobSize('matmul'), ...listed.flatMap(jobWords));
      const jobs = arena.upload('jobs', Uint32Array.from(words));
      const use = { a, out, rows, inner4, outStride, jobs, jobsAt: 2, bias, tile };
      const options = {
        ...(product.panels && { panels: product.panels }),
        ...(activation && { activation: ACTIVATIONS[activation] }),
      };
      runMatmul(recording, await matmul(arena, matrix, i, { ...use, ...options }), list.length);
    }
    recording.submit();
    return new Float32Array(await gpu.read(out)).subarray(0, product.outLength);
  } finally {
    arena.dispose();
  }
}

const quads = (n: number): number => Math.ceil(n / 4);
const absolute = (x: Float32Array): Float32Array => x.map(Math.abs);

/** The sum of the absolute values of a product's terms. */
function magnitude(
  a: Float32Array,
  w: Float32Array,
  bias: Float32Array | null,
  inner: number,
  columns: number,
): Float64Array {
  return oracle(absolute(a), absolute(w), bias && absolute(bias), inner, columns);
}

/** Real columns of padded rows; the padding must be 0. */
function unpad(what: string, padded: Float32Array, columns: number): Float32Array {
  const values = unpaddedRows(padded, columns);
  expectSame(`${what} with padding`, padded, paddedRows(values, columns));
  return values;
}

/** Roundings of a sum of n terms partly cancel: their total grows like the root of n. */
const units = (inner: number): number => 5 + Math.sqrt(inner) / 4;

/** The tests of one of the kernels of the product, with each of its tiles. */
export function matmulTests(kernel: ProductKernel): (device: TestDevice) => void {
  return (device) => {
    describe.each(tilesOf(kernel))('tile %s', (tile) => {
      skipWithoutTile(device, tile);
      productTests(device, tile);
      if (tile !== 'register-8') sameBitsTest(device, tile);
    });
    if (kernel === 'matmul_subgroup') wideSubgroupTest(device);
    if (kernel !== 'matmul') return;
    activationTests(device, 'register-8'); // the kernels share that code
    defaultTileTest(device);
  };
}

function productTests(device: TestDevice, tile: TileName): void {
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
    const plain = unpad('product', await multiply(device.gpu, tile, product), columns);
    expectRounded(
      'product',
      plain,
      oracle(a, w, null, inner, columns),
      magnitude(a, w, null, inner, columns),
      units(inner),
    );
    const got = unpad(
      'with bias',
      await multiply(device.gpu, tile, { ...product, bias: paddedRows(bias, columns) }),
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
    const out = await multiply(device.gpu, tile, {
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
    const out = await multiply(device.gpu, tile, {
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
    const whole = await multiply(device.gpu, tile, { ...product, rows, outLength: size });
    for (const panelsPerChunk of [1, 2, 4]) {
      const chunked = await multiply(device.gpu, tile, { ...product, rows, panelsPerChunk, outLength: size });
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
      const alone = await multiply(device.gpu, tile, { ...product, rows: 1, outLength: 12 * columns4, jobs });
      const expected = whole.subarray(4 * row * columns4, 4 * (row + 1) * columns4);
      expectSame(`row ${row} alone`, alone.subarray(4 * columns4, 8 * columns4), expected);
    }
  });

  test('jobs of different numbers of rows, each row to its place; other rows are left alone', async () => {
    const [inner4, columns4] = [7, PANEL4 + 9];
    const rowLists = [[17], [3, 0, 9, 4, 21, 22, 30, 1, 12, 13], [], [6, 5, 8, 7, 2, 10, 11, 14]];
    const a = rng.normals(11 * 4 * inner4);
    const shared = { inner4, a, w: rng.normals(4 * inner4 * 4 * columns4), columns4, outStride: columns4 };
    const whole = await multiply(device.gpu, tile, { ...shared, rows: 11, outLength: 4 * 11 * columns4 });
    const got = await multiply(device.gpu, tile, {
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

function activationTests(device: TestDevice, tile: TileName): void {
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
      const got = await multiply(device.gpu, tile, {
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

/** Products of every kind at once: jobs of several numbers of rows and ranges of columns, rows to listed places, a bias. */
function mixedProduct(): Product {
  const rng = randomNumbers(7);
  const [inner4, columns4, rows] = [21, 2 * PANEL4 + 11, 77];
  const sizes = [77, 0, 1, 8, 9, 31, 32, 33, 64, 65];
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

function sameBitsTest(device: TestDevice, tile: TileName): void {
  test('gives the bits of the plainest tile', async () => {
    const product = mixedProduct();
    const expected = await multiply(device.gpu, 'register-8', product);
    expectSame(tile, await multiply(device.gpu, tile, product), expected);
  });
}

function defaultTileTest(device: TestDevice): void {
  test('a product without a tile of its own has the one of its device', async () => {
    for (const tile of usableTiles(device.gpu.device)) {
      const gpu = new Gpu(device.gpu.device, device.gpu.adapter, { tile });
      const arena = new Arena(gpu);
      try {
        const buffer = arena.tensor('all of it', [4096]);
        const chunk = { data: buffer, firstColumn4: 0, columns4: 1 };
        const matrix = { inner4: 1, columns4: 1, chunks: [chunk] };
        const shared = { a: buffer, out: arena.tensor('out', [4]), inner4: 1, outStride: 1, jobs: buffer, jobsAt: 0 };
        const bound = async (rows: number): Promise<readonly [string, number]> => {
          const { operation, tileRows } = await matmul(arena, matrix, 0, { ...shared, rows, bias: undefined });
          return [operation.kernel, tileRows];
        };
        expect(await bound(1000)).toEqual([TILES[tile].kernel, TILES[tile].rows]);
        expect(await bound(1)).toEqual([TILES[tile].kernel, TILES[tile].fewRows]);
      } finally {
        arena.dispose();
      }
      expect(gpu.liveBytes).toBe(0);
    }
  });
}

/** Workgroups of several subgroups stand for an adapter whose subgroups are as large as the workgroup. */
function wideSubgroupTest(device: TestDevice): void {
  test('workgroups of 32 invocations give the same bits', async ({ skip }) => {
    const lacking = tileLacks('subgroup-16', device.gpu.device);
    skip(lacking !== undefined, `the adapter lacks ${lacking}`);
    const product = mixedProduct();
    const expected = await multiply(device.gpu, 'subgroup-16', product);
    const gpu = new Gpu(device.gpu.device, device.gpu.adapter);
    Object.defineProperty(gpu, 'subgroupLanes', { value: 32 });
    expectSame('wide', await multiply(gpu, 'subgroup-16', product), expected);
    expect(gpu.liveBytes).toBe(0);
  });
}
