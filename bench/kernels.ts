import { Arena } from '../src/gpu/arena.js';
import type { Gpu } from '../src/gpu/gpu.js';
import { INSPECTION_KERNELS } from './inspection-kernels.js';
import type { KernelBench } from './kernel-bench.js';
import type { Row } from './row.js';
import { SMALL_KERNELS } from './small-kernels.js';
import { time } from './timing.js';
import { productBenches } from './product-kernels.js';
import { attentionMixBench, attentionPatternBench } from './attention-kernels.js';
import { logSoftmaxBench, normBench, portInputsBench } from './row-kernels.js';

const TOLERANCE = 1e-4;

/** GFLOP/s and GB/s of every kernel, at sizes of GPT-2 small with 8 prompts of 16 tokens. */
export async function benchKernels(gpu: Gpu): Promise<Row[]> {
  const report: Row[] = [];
  for (const build of [
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
      const { min, median } = await time(gpu, bench.encode);
      report.push({
        name: bench.name,
        'ms (median)': 1000 * median,
        'ms (min)': 1000 * min,
        'GFLOP/s': bench.flops[1] / median / 1e9,
        'GB/s': bench.bytes[1] / median / 1e9,
        FLOPs: bench.flops[0],
        bytes: bench.bytes[0],
      });
    } finally {
      arena.dispose();
    }
  }
  return report;
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
