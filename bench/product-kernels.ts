import { widened, type StoredValues, type WeightStorage } from '../src/base/stored-values.js';
import type { Gpu } from '../src/gpu/gpu.js';
import { comparedTiles } from '../src/gpu/product/tiles.js';
import { ACTIVATIONS } from '../src/block/activation.js';
import { everyRow, matmul, runMatmul, wholeJobs } from '../src/gpu/product/matmul.js';
import { matmulTransposed, runTransposed } from '../src/gpu/product/transposed.js';
import type { Arena } from '../src/gpu/arena.js';
import type { TileName } from '../src/gpu/product/tiles.js';
import type { Matrix } from '../src/gpu/product/matrix.js';
import { packRows } from '../src/gpu/product/panels.js';
import { activate } from '../test/oracle/ops.js';
import { narrowed } from '../test/support/narrow.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

/** Rows, inner size and columns. */
type Shape = readonly [rows: number, inner: number, columns: number];

/** The two products of an MLP, the square one, those of a single row of 8 prompts, and the unembedding. */
const PRODUCTS: readonly Shape[] = [
  [128, 768, 3072],
  [128, 3072, 768],
  [512, 768, 768],
  [8, 3072, 768],
  [8, 768, 32_768],
];

/** Products with a transposed matrix: back through an MLP, and through the unembedding. */
const TRANSPOSED_PRODUCTS: readonly Shape[] = [
  [128, 768, 3072],
  [8, 768, 32_768],
];

/** A product that fills a large card. A software adapter would take minutes, and has shown all that it can before. */
const LARGE: readonly Shape[] = [[4096, 768, 3072]];

/** Products in which weights are read as they are stored. */
const STORED: readonly Shape[] = [
  [128, 768, 3072],
  [8, 768, 32_768],
];

/** Every product with every tile worth comparing on the device, and with the chosen tile weights of 16 bits. */
export function productBenches({ device, tile: chosen }: Gpu): ((arena: Arena) => Promise<KernelBench>)[] {
  const tiles = comparedTiles(device);
  const large = device.adapterInfo.isFallbackAdapter ? [] : LARGE;
  return [
    ...[...PRODUCTS, ...large].flatMap((shape) =>
      tiles.map((tile) => (arena: Arena) => matmulBench(arena, tile, shape)),
    ),
    ...[...TRANSPOSED_PRODUCTS, ...large].flatMap((shape) =>
      tiles.map((tile) => (arena: Arena) => transposedBench(arena, tile, shape)),
    ),
    ...STORED.flatMap((shape) =>
      (['f16', 'bf16'] as const).map((storage) => (arena: Arena) => matmulBench(arena, chosen, shape, storage)),
    ),
  ];
}

function nameOf(tile: TileName, chosen: TileName): string {
  return tile === chosen ? `${tile} (chosen)` : tile;
}

function matrixOf(arena: Arena, stored: StoredValues, rows: number): Promise<Matrix> {
  return packRows(arena, 'weight', stored, rows / 4);
}

export async function matmulBench(
  arena: Arena,
  tile: TileName,
  [rows, inner, columns]: Shape,
  storage: WeightStorage = 'f32',
): Promise<KernelBench> {
  const a = random(rows * inner, 1);
  const stored = narrowed(random(inner * columns, 2, inner ** -0.5), storage);
  const w = widened(stored);
  const numberBytes = storage === 'f32' ? 4 : 2;
  const bias = random(columns, 3);
  const out = arena.tensor('out', [rows, columns]);
  const operation = await matmul(arena, await matrixOf(arena, stored, inner), 0, {
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
    name: `matmul ${rows} x ${inner} x ${columns}, ${nameOf(tile, arena.gpu.tile)}${storage === 'f32' ? '' : `, ${storage}`}`,
    encode: (recording) => runMatmul(recording, operation, 1),
    flops: ['2 M K N', 2 * rows * inner * columns],
    bytes: [`4 (MK + MN) + ${numberBytes} KN`, 4 * (rows * inner + rows * columns) + numberBytes * inner * columns],
    out,
    expected: probes(rows * columns).map((index) => {
      const [r, c] = [Math.floor(index / columns), index % columns];
      let sum = bias[c]!;
      for (let k = 0; k < inner; k++) sum += a[r * inner + k]! * w[k * columns + c]!;
      return [index, activate('gelu-tanh', sum)];
    }),
  };
}

async function transposedBench(arena: Arena, tile: TileName, [rows, inner, columns]: Shape): Promise<KernelBench> {
  const dy = random(rows * columns, 1);
  const w = random(inner * columns, 2, columns ** -0.5);
  const out = arena.tensor('out', [rows, inner]);
  const product = await matmulTransposed(arena, await matrixOf(arena, { storage: 'f32', values: w }, inner), {
    dy: arena.upload('dy', dy),
    out,
    rows,
    dyStride: columns / 4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: columns / 4 }],
    tile,
  });
  return {
    name: `matmul transposed ${rows} x ${columns} x ${inner}, ${nameOf(tile, arena.gpu.transposedTile)}`,
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
