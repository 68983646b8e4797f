import type { Gpu } from '../src/gpu/gpu.js';
import { usableTiles } from '../src/gpu/product/tiles.js';
import { ACTIVATIONS } from '../src/block/activation.js';
import { everyRow, matmul, runMatmul, wholeJobs } from '../src/gpu/product/matmul.js';
import { matmulTransposed, runTransposed } from '../src/gpu/product/transposed.js';
import type { Arena } from '../src/gpu/arena.js';
import type { TileName } from '../src/gpu/product/tiles.js';
import type { Matrix } from '../src/gpu/product/matrix.js';
import { packRows } from '../src/gpu/product/panels.js';
import { activate } from '../test/oracle/ops.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

/** Rows, inner size and columns: the two products of an MLP, the square one, and the unembedding. */
const PRODUCTS = [
  [128, 768, 3072],
  [128, 3072, 768],
  [512, 768, 768],
  [8, 768, 32_768],
] as const;

/**
 * Rows, inner size and columns of a product with a transposed matrix: back through an MLP, and through the unembedding.
 */
const TRANSPOSED_PRODUCTS = [
  [128, 768, 3072],
  [8, 768, 32_768],
] as const;

/** Every product with every tile that runs on the device. */
export function productBenches({ device }: Gpu): ((arena: Arena) => Promise<KernelBench>)[] {
  const tiles = usableTiles(device);
  return [
    ...PRODUCTS.flatMap(([rows, inner, columns]) =>
      tiles.map((tile) => (arena: Arena) => matmulBench(arena, tile, rows, inner, columns)),
    ),
    ...TRANSPOSED_PRODUCTS.flatMap(([rows, inner, columns]) =>
      tiles.map((tile) => (arena: Arena) => transposedBench(arena, tile, rows, inner, columns)),
    ),
  ];
}

function matrixOf(arena: Arena, values: Float32Array<ArrayBuffer>, rows: number): Promise<Matrix> {
  return packRows(arena, 'weight', { storage: 'f32', values }, rows / 4);
}

export async function matmulBench(
  arena: Arena,
  tile: TileName,
  rows: number,
  inner: number,
  columns: number,
): Promise<KernelBench> {
  const a = random(rows * inner, 1);
  const w = random(inner * columns, 2, inner ** -0.5);
  const bias = random(columns, 3);
  const out = arena.tensor('out', [rows, columns]);
  const operation = await matmul(arena, await matrixOf(arena, w, inner), 0, {
    a: arena.upload('a', a),
    out,
    rows,
    inner4: inner / 4,
    outStride: columns / 4,
    jobs: arena.upload(
      'jobs',
      Uint32Array.from(
        wholeJobs({ firstColumn4: 0, columns4: columns / 4 }, [{ a: 0, out: 0, rows: everyRow(rows) }]).flat(),
      ),
    ),
    jobsAt: 0,
    bias: arena.upload('bias', bias),
    activation: ACTIVATIONS['gelu-tanh'],
    tile,
  });
  return {
    name: `matmul ${rows} x ${inner} x ${columns}, ${tile}${tile === arena.gpu.tile ? ' (chosen)' : ''}`,
    encode: (recording) => runMatmul(recording, operation, 1),
    flops: ['2 M K N', 2 * rows * inner * columns],
    bytes: ['4 (MK + KN + MN)', 4 * (rows * inner + inner * columns + rows * columns)],
    out,
    expected: probes(rows * columns).map((index) => {
      const [r, c] = [Math.floor(index / columns), index % columns];
      let sum = bias[c]!;
      for (let k = 0; k < inner; k++) sum += a[r * inner + k]! * w[k * columns + c]!;
      return [index, activate('gelu-tanh', sum)];
    }),
  };
}

async function transposedBench(
  arena: Arena,
  tile: TileName,
  rows: number,
  inner: number,
  columns: number,
): Promise<KernelBench> {
  const dy = random(rows * columns, 1);
  const w = random(inner * columns, 2, columns ** -0.5);
  const out = arena.tensor('out', [rows, inner]);
  const product = await matmulTransposed(arena, await matrixOf(arena, w, inner), {
    dy: arena.upload('dy', dy),
    out,
    rows,
    dyStride: columns / 4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: columns / 4 }],
    tile,
  });
  return {
    name: `matmul transposed ${rows} x ${columns} x ${inner}, ${tile}${tile === arena.gpu.tile ? ' (chosen)' : ''}`,
    encode: (recording) => runTransposed(arena.gpu, recording, product),
    flops: ['2 M N K', 2 * rows * columns * inner],
    bytes: ['4 (MN + KN + MK)', 4 * (rows * columns + inner * columns + rows * inner)],
    out,
    expected: probes(rows * inner).map((index) => {
      const [r, k] = [Math.floor(index / inner), index % inner];
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += dy[r * columns + c]! * w[k * columns + c]!;
      return [index, sum];
    }),
  };
}
