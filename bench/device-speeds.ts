import { Arena } from '../src/gpu/arena.js';
import type { Gpu } from '../src/gpu/gpu.js';
import { matmulBench } from './product-kernels.js';
import { spreadMeansBench } from './small-kernels.js';
import { summary, time } from './timing.js';

/** What this device does in a second at best, by the project's own kernels, and what its parts cost. */
export interface DeviceSpeeds {
  /** FLOPs per second of the matrix product, at GPT-2 small's MLP over 8 prompts of 16 tokens. */
  readonly flops: number;
  /** Bytes per second: the better of a kernel that only moves memory and of a product of few rows with many weights. */
  readonly bytes: number;
  /** Seconds of a dispatch with next to nothing to do, in a submission of many. */
  readonly dispatch: number;
  /** Seconds from recording one such dispatch to having its answer on the host. */
  readonly roundTrip: number;
}

const DISPATCHES = 1000;
const ROUND_TRIPS = 50;

export async function measureSpeeds(gpu: Gpu): Promise<DeviceSpeeds> {
  const arena = new Arena(gpu);
  try {
    const product = await matmulBench(arena, gpu.tile, [128, 768, 3072]);
    const spread = await spreadMeansBench(arena, 40, 128, 768);
    const weights = await matmulBench(arena, gpu.tile, [8, 768, 32_768]);
    const tiny = await spreadMeansBench(arena, 1, 4, 64);
    const many = await time(gpu, (recording) => {
      for (let i = 0; i < DISPATCHES; i++) tiny.encode(recording);
    });
    const roundTrips: number[] = [];
    for (let i = 0; i < ROUND_TRIPS; i++) {
      const start = performance.now();
      const recording = gpu.record();
      tiny.encode(recording);
      const answer = recording.readback({ ...tiny.out, size: 16 });
      recording.submit();
      await answer();
      roundTrips.push((performance.now() - start) / 1000);
    }
    return {
      flops: product.flops[1] / (await time(gpu, product.encode)).median,
      bytes: Math.max(
        spread.bytes[1] / (await time(gpu, spread.encode)).median,
        weights.bytes[1] / (await time(gpu, weights.encode)).median,
      ),
      dispatch: many.median / DISPATCHES,
      roundTrip: summary(roundTrips).median,
    };
  } finally {
    arena.dispose();
  }
}
