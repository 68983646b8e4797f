import { Arena } from '../arena.js';
import type { Gpu } from '../gpu.js';
import { trialTiles, type TileName } from './tiles.js';
import { packRows } from './panels.js';
import {
  chooseTuning,
  MOST_JOBS,
  TRIAL_PRODUCTS,
  type ProductTimer,
  type TrialProduct,
  type TrialWork,
  type Tuning,
} from './choose-tile.js';
import { everyRow, matmul, runMatmul, wholeJobs, type MatmulOperation } from './matmul.js';

/** A square product at the width of GPT-2 small. */
const INNER = 768;
const COLUMNS = 768;
const ROWS: Readonly<Record<TrialProduct, number>> = { 'many rows': 64, 'few rows': 8 };

/**
 * Measures which tile of the matrix product suits a device, and how much work fills the device. The tile of `gpu` plays
 * no part. It takes about a second on a software adapter, and some more where the driver must compile the kernels.
 *
 * @throws EdgewiseError of kind `device` or `kernel` where the device fails.
 */
export async function measureTuning(gpu: Gpu): Promise<Tuning> {
  const tiles = trialTiles(gpu.device);
  // One job keeps all cores of a software adapter busy. On a machine in use a measurement could only get that wrong.
  const parallel = !gpu.device.adapterInfo?.isFallbackAdapter;
  if (!parallel && tiles.length === 1) return { tile: tiles[0]!, fill: 1 };
  const arena = new Arena(gpu);
  try {
    return await chooseTuning({ parallel, ...(await productTimer(arena, tiles)) });
  } finally {
    arena.dispose();
  }
}

async function productTimer(arena: Arena, tiles: readonly TileName[]): Promise<Omit<ProductTimer, 'parallel'>> {
  const { gpu } = arena;
  const rows = Math.max(...Object.values(ROWS));
  const numbers = Float32Array.from({ length: MOST_JOBS * rows * INNER }, (_, i) => ((i % 251) - 125) / 125);
  const a = arena.upload('trial rows', numbers);
  const out = arena.tensor('trial out', [MOST_JOBS, rows, COLUMNS]);
  const values = Float32Array.from(
    { length: INNER * COLUMNS },
    (_, i) => numbers[Math.floor(i / COLUMNS) + (i % COLUMNS)]!,
  );
  const matrix = await packRows(arena, 'trial weights', { storage: 'f32', values }, INNER / 4);
  const operations = new Map<string, MatmulOperation>();
  for (const product of TRIAL_PRODUCTS) {
    const size = { inner4: INNER / 4, outStride: COLUMNS / 4, rows: ROWS[product] };
    const jobs = Array.from({ length: MOST_JOBS }, (_, j) => {
      return { a: j * size.rows * size.inner4, out: j * size.rows * size.outStride, rows: everyRow(size.rows) };
    });
    const words = Uint32Array.from(wholeJobs(matrix.chunks[0]!, jobs).flat());
    const shared = { ...size, a, out, jobs: arena.upload('trial jobs', words), jobsAt: 0, bias: undefined };
    for (const tile of tiles) {
      operations.set(`${product} ${tile}`, await matmul(arena, matrix, 0, { ...shared, tile }));
    }
  }
  return {
    tiles,
    async time(tile: TileName, { product, jobs, repeats }: TrialWork): Promise<number> {
      const recording = gpu.record();
      for (let i = 0; i < repeats; i++) runMatmul(recording, operations.get(`${product} ${tile}`)!, jobs);
      recording.encode();
      const start = performance.now();
      recording.submit();
      await gpu.finished();
      return (performance.now() - start) / 1000;
    },
  };
}
