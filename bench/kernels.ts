import { Arena } from '../src/gpu/arena.js';
import type { Gpu } from '../src/gpu/gpu.js';
import { INSPECTION_KERNELS } from './inspection-kernels.js';
import type { KernelBench } from './kernel-bench.js';
import type { Row } from './row.js';
import { copyBench, SMALL_KERNELS } from './small-kernels.js';
import { time, type Timing } from './timing.js';
import { productBenches } from './product-kernels.js';
import { attentionMixBench, attentionPatternBench } from './attention-kernels.js';
import { logSoftmaxBench, normBench, portInputsBench } from './row-kernels.js';

const TOLERANCE = 1e-4;
/** Seconds of a submission, so that its own cost and the wait for it weigh little. */
const TARGET = 0.02;
const MOST_RUNS = 200;

/**
 * GFLOP/s and GB/s of every kernel, at sizes of GPT-2 small with 8 prompts of 16 tokens. The last columns are shares of
 * what the device did best in this run: FLOPs of the fastest product, bytes of a copy. A kernel that reads from cache
 * exceeds the copy.
 */
export async function benchKernels(gpu: Gpu): Promise<Row[]> {
  const rows: (Row & { readonly 'GFLOP/s': number; readonly 'GB/s': number })[] = [];
  for (const build of [
    (arena: Arena) => copyBench(arena, 2 ** 24),
    ...productBenches(gpu),
    (arena: Arena) => normBench(arena, 4608, 768),
    (arena: Arena) => portInputsBench(arena, 36, 128, 768, 79),
    (arena: Arena) => attentionPatternBench(arena, 12, 8, 16, 64),
    (arena: Arena) => attentionMixBench(arena, 12, 8, 16, 64),
    (arena: Arena) => logSoftmaxBench(arena, 8, 50_257),
    ...SMALL_KERNELS,
    ...INSPECTION_KERNELS,
  ]) {
    const arena = new Arena(gpu);
    try {
      const bench = await build(arena);
      await assertCorrect(gpu, bench);
      const { runs, min, median } = await timeRuns(gpu, bench);
      rows.push({
        name: bench.name,
        'ms (median)': 1000 * median,
        'ms (min)': 1000 * min,
        'GFLOP/s': bench.flops[1] / median / 1e9,
        'GB/s': bench.bytes[1] / median / 1e9,
        FLOPs: bench.flops[0],
        bytes: bench.bytes[0],
        runs,
      });
    } finally {
      arena.dispose();
    }
  }
  const flops = Math.max(...rows.map((row) => row['GFLOP/s']));
  const bytes = rows[0]!['GB/s'];
  return rows.map((row) => ({ ...row, 'of FLOP/s': row['GFLOP/s'] / flops, 'of bytes/s': row['GB/s'] / bytes }));
}

/** Seconds of one run, among as many in one submission as take TARGET seconds. */
async function timeRuns(gpu: Gpu, { encode }: KernelBench): Promise<Timing & { readonly runs: number }> {
  const single = await time(gpu, encode, 3);
  const runs = Math.min(MOST_RUNS, Math.max(1, Math.ceil(TARGET / single.min)));
  const { min, median } = await time(gpu, (recording) => {
    for (let i = 0; i < runs; i++) encode(recording);
  });
  return { runs, min: min / runs, median: median / runs };
}

async function assertCorrect(gpu: Gpu, bench: KernelBench): Promise<void> {
  const recording = gpu.record();
  bench.encode(recording);
  const read = recording.readback(bench.out);
  recording.submit();
  const data = await read();
  const values = bench.integers ? new Uint32Array(data) : new Float32Array(data);
  for (const [index, expected] of bench.expected) {
    const off = Math.abs(values[index]! - expected) / Math.max(1, Math.abs(expected));
    if (!(off <= TOLERANCE))
      throw new Error(`${bench.name}: output ${index} is ${values[index]}, expected ${expected}`);
  }
}
