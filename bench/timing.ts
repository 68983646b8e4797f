import type { Gpu } from '../src/gpu/gpu.js';
import type { Recording } from '../src/gpu/recording.js';

/** Seconds of one run: minimum and median of several, each submitted alone and waited for. */
export interface Timing {
  readonly min: number;
  readonly median: number;
}

export async function time(gpu: Gpu, encode: (recording: Recording) => void, repeats = 9): Promise<Timing> {
  const seconds: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const recording = gpu.record();
    encode(recording);
    recording.encode();
    const start = performance.now();
    recording.submit();
    await gpu.finished();
    if (i > 0) seconds.push((performance.now() - start) / 1000); // the first run warms up
  }
  return summary(seconds);
}

export function summary(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[sorted.length >> 1]! };
}
