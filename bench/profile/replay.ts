import type { Gpu } from '../../src/gpu/gpu.js';
import type { KernelName } from '../../src/gpu/kernel.js';
import type { Operation } from '../../src/gpu/recording.js';
import { time } from '../timing.js';

type Grid = readonly [number, number, number];

/** Runs of a dispatch whose difference to one run is its time. */
const RUNS = 16;
/** Different dispatches that are timed at most: those that ran most often. */
const MOST = 200;

/**
 * Kernels' times on an adapter without timestamps, by difference: after a run its dispatches are repeated on what its
 * buffers then hold. Buffers that the run gave back are kept until then.
 */
export class Replay {
  readonly #gpu: Gpu;
  readonly #dispatches = new Map<string, { readonly operation: Operation; readonly grid: Grid; count: number }>();
  readonly #numbers = new Map<Operation, number>();
  readonly #kept: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  keep(buffer: GPUBuffer): void {
    this.#kept.push(buffer);
  }

  dispatched(operation: Operation, grid: Grid): void {
    const number = this.#numbers.get(operation) ?? this.#numbers.size;
    this.#numbers.set(operation, number);
    const key = `${number} ${grid.join(' ')}`;
    const same = this.#dispatches.get(key);
    if (same) same.count++;
    else this.#dispatches.set(key, { operation, grid, count: 1 });
  }

  /** Seconds of all dispatches of every kernel. One that was not timed counts as the mean of its kernel's. */
  async seconds(): Promise<Map<KernelName, number>> {
    const all = [...this.#dispatches.values()].sort((a, b) => b.count - a.count);
    const totals = new Map<KernelName, { timed: number; seconds: number; all: number }>();
    for (const [i, { operation, grid, count }] of all.entries()) {
      const total = totals.get(operation.kernel) ?? { timed: 0, seconds: 0, all: 0 };
      totals.set(operation.kernel, total);
      total.all += count;
      if (i >= MOST && total.timed > 0) continue;
      total.timed += count;
      total.seconds += count * (await this.#secondsOf(operation, grid));
    }
    return new Map([...totals].map(([kernel, { timed, seconds, all: n }]) => [kernel, (seconds / timed) * n]));
  }

  async #secondsOf(operation: Operation, [x, y, z]: Grid): Promise<number> {
    const of = async (runs: number): Promise<number> => {
      const { min } = await time(
        this.#gpu,
        (recording) => {
          for (let i = 0; i < runs; i++) recording.dispatch(operation, x, y, z);
        },
        2,
      );
      return min;
    };
    return Math.max(0, ((await of(RUNS)) - (await of(1))) / (RUNS - 1));
  }

  /** Buffers that were kept. */
  get buffers(): readonly GPUBuffer[] {
    return this.#kept;
  }
}
