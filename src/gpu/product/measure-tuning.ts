import { Arena } from '../arena.js';
import type { Gpu } from '../gpu.js';
import type { Recording } from '../recording.js';
import { logSoftmax } from '../rows/log-softmax.js';
import { trialRowWorkgroups } from '../workgroups.js';
import { trialTiles, type TileName } from './tiles.js';
import type { Matrix } from './matrix.js';
import { packRows } from './panels.js';
import {
  chooseTuning,
  MOST_JOBS,
  TRIAL_PRODUCTS,
  type Trial,
  type TrialProduct,
  type TrialWork,
  type Tuning,
} from './choose-tile.js';
import { everyRow, matmul, runMatmul, wholeJobs, type MatmulOperation } from './matmul.js';
import { matmulTransposed, runTransposed, type TransposedProduct } from './transposed.js';

/** A square product at the width of GPT-2 small. */
const INNER = 768;
const COLUMNS = 768;
const ROWS: Readonly<Record<TrialProduct, number>> = { 'many rows': 64, 'few rows': 8 };
/** Rows and columns of softmaxes: of as many rows as a layer has, and over GPT-2's vocabulary. */
const SOFTMAXES: Readonly<Record<TrialProduct, readonly [number, number]>> = {
  'many rows': [512, 768],
  'few rows': [8, 50_260],
};

/** What is measured on a device. */
interface Trials {
  /** Tiles to choose from, at least one. */
  readonly tiles: readonly TileName[];
  /** Whether it is a card: one job may leave part of it idle, and its transposed product and rows are measured too. */
  readonly card: boolean;
}

/** One job keeps all cores of a software adapter busy. On a machine in use a measurement could only get that wrong. */
function trialsOf(device: GPUDevice): Trials {
  return { tiles: trialTiles(device), card: !device.adapterInfo?.isFallbackAdapter };
}

/**
 * Measures what suits a device: tiles of the matrix product and of the transposed one, the workgroup of the kernels
 * that take a row each, and how much work fills the device. What `gpu` itself is tuned to plays no part. It takes about
 * a second, and some more where the driver must compile the kernels. On a software adapter the tile alone is measured:
 * it serves both products, and the workgroup is known.
 *
 * @param trials default: what is worth measuring on the device.
 * @throws EdgewiseError of kind `device` or `kernel` where the device fails.
 */
export async function measureTuning(gpu: Gpu, { tiles, card }: Trials = trialsOf(gpu.device)): Promise<Tuning> {
  if (!card && tiles.length === 1) return { tile: tiles[0]!, fill: 1 };
  const arena = new Arena(gpu);
  try {
    const operands = await trialOperands(arena);
    return await chooseTuning({
      parallel: card,
      products: await productTrial(operands, tiles),
      ...(card && { transposed: transposedTrial(operands, tiles), rows: softmaxTrial(arena) }),
    });
  } finally {
    arena.dispose();
  }
}

/** What all trial products read and write. */
interface TrialOperands {
  readonly arena: Arena;
  readonly a: ReturnType<Arena['tensor']>;
  readonly out: ReturnType<Arena['tensor']>;
  readonly matrix: Matrix;
}

async function trialOperands(arena: Arena): Promise<TrialOperands> {
  const rows = Math.max(...Object.values(ROWS));
  const numbers = Float32Array.from({ length: MOST_JOBS * rows * INNER }, (_, i) => ((i % 251) - 125) / 125);
  const values = Float32Array.from(
    { length: INNER * COLUMNS },
    (_, i) => numbers[Math.floor(i / COLUMNS) + (i % COLUMNS)]!,
  );
  return {
    arena,
    a: arena.upload('trial rows', numbers),
    out: arena.tensor('trial out', [MOST_JOBS, rows, COLUMNS]),
    matrix: await packRows(arena, 'trial weights', { storage: 'f32', values }, INNER / 4),
  };
}

async function productTrial(
  { arena, a, out, matrix }: TrialOperands,
  choices: readonly TileName[],
): Promise<Trial<TileName>> {
  const operations = new Map<string, MatmulOperation>();
  for (const product of TRIAL_PRODUCTS) {
    const size = { inner4: INNER / 4, outStride: COLUMNS / 4, rows: ROWS[product] };
    const jobs = Array.from({ length: MOST_JOBS }, (_, j) => {
      return { a: j * size.rows * size.inner4, out: j * size.rows * size.outStride, rows: everyRow(size.rows) };
    });
    const words = Uint32Array.from(wholeJobs(matrix.chunks[0]!, jobs).flat());
    const shared = { ...size, a, out, jobs: arena.upload('trial jobs', words), jobsAt: 0, bias: undefined };
    // Compiled side by side.
    const bound = await Promise.all(choices.map((tile) => matmul(arena, matrix, 0, { ...shared, tile })));
    choices.forEach((tile, i) => operations.set(`${product} ${tile}`, bound[i]!));
  }
  return {
    choices,
    time: (tile, { product, jobs, repeats }) =>
      timed(arena.gpu, repeats, (recording) => runMatmul(recording, operations.get(`${product} ${tile}`)!, jobs)),
  };
}

function transposedTrial({ arena, a, out, matrix }: TrialOperands, choices: readonly TileName[]): Trial<TileName> {
  const bound = new Map<string, TransposedProduct>();
  const bind = async (tile: TileName, { product, jobs }: TrialWork): Promise<TransposedProduct> => {
    const rows = ROWS[product];
    const [dyStride, outStride] = [COLUMNS / 4, INNER / 4];
    const all = { firstColumn4: 0, endColumn4: COLUMNS / 4 };
    const list = Array.from({ length: jobs }, (_, j) => ({
      dy: j * rows * dyStride,
      out: j * rows * outStride,
      ...all,
    }));
    return matmulTransposed(arena, matrix, { dy: a, out, rows, dyStride, jobs: list, tile });
  };
  return {
    choices,
    async time(tile, work) {
      const key = `${work.product} ${tile} ${work.jobs}`;
      const product = bound.get(key) ?? (await bind(tile, work));
      bound.set(key, product);
      return timed(arena.gpu, work.repeats, (recording) => runTransposed(arena.gpu, recording, product));
    },
  };
}

function softmaxTrial(arena: Arena): Trial<number> {
  const bound = new Map<string, Awaited<ReturnType<typeof logSoftmax>>>();
  const most = Math.max(...Object.values(SOFTMAXES).map(([rows, columns]) => rows * columns));
  let values: ReturnType<Arena['tensor']> | undefined;
  const bind = (workgroup: number, product: TrialProduct) => {
    values ??= arena.tensor('trial logits', [most]);
    const [rows, columns] = SOFTMAXES[product];
    return logSoftmax(arena, { values, rows, vocab: columns, stride: columns, workgroup });
  };
  return {
    choices: trialRowWorkgroups(arena.gpu.device),
    async time(workgroup, { product, jobs, repeats }) {
      const key = `${product} ${workgroup}`;
      const softmax = bound.get(key) ?? (await bind(workgroup, product));
      bound.set(key, softmax);
      return timed(arena.gpu, jobs * repeats, (recording) => softmax.encode(recording));
    },
  };
}

/** Seconds of some runs in one submission. */
async function timed(gpu: Gpu, repeats: number, run: (recording: Recording) => void): Promise<number> {
  const recording = gpu.record();
  for (let i = 0; i < repeats; i++) run(recording);
  recording.encode();
  const start = performance.now();
  recording.submit();
  await gpu.finished();
  return (performance.now() - start) / 1000;
}
