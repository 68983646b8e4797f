import type { DispatchTimer, Operation } from '../../src/gpu/recording.js';
import type { KernelName } from '../../src/gpu/kernel.js';

/** Most queries of a set, by WebGPU's rules: two for each dispatch. */
const SET = 4096;
const QUERY_BYTES = 8;
const RESOLVE = 0x0200 | 0x04; // GPUBufferUsage QUERY_RESOLVE | COPY_SRC
const STAGING = 0x01 | 0x08; // GPUBufferUsage MAP_READ | COPY_DST
const READ = 0x01; // GPUMapMode.READ

/** When a dispatch ran, in seconds of the device's clock. */
export interface DispatchTime {
  readonly kernel: KernelName;
  /** Number of the submission. */
  readonly submission: number;
  readonly start: number;
  readonly end: number;
}

/** Notes when each dispatch begins and ends on the device. They are read together, after the work. */
export class Timestamps implements DispatchTimer {
  readonly #device: GPUDevice;
  readonly #sets: GPUQuerySet[] = [];
  readonly #dispatches: { readonly kernel: KernelName; readonly submission: number }[] = [];

  /** @param device with the feature `timestamp-query`. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Number of the submission that is encoded. */
  submission = 0;

  passOf({ kernel }: Operation): GPUComputePassDescriptor {
    const query = (2 * this.#dispatches.length) % SET;
    if (query === 0) this.#sets.push(this.#device.createQuerySet({ type: 'timestamp', count: SET }));
    this.#dispatches.push({ kernel, submission: this.submission });
    const querySet = this.#sets.at(-1)!;
    return {
      timestampWrites: { querySet, beginningOfPassWriteIndex: query, endOfPassWriteIndex: query + 1 },
    };
  }

  /** The times of all dispatches since the last call, once the device is done with them. */
  async take(): Promise<DispatchTime[]> {
    const values: bigint[] = [];
    for (const [i, querySet] of this.#sets.entries()) {
      const queries = Math.min(SET, 2 * this.#dispatches.length - i * SET);
      values.push(...(await this.#read(querySet, queries)));
      querySet.destroy();
    }
    const origin = values[0] ?? 0n;
    const seconds = (i: number): number => Number(values[i]! - origin) / 1e9;
    const times = this.#dispatches.map((dispatch, i) => {
      return { ...dispatch, start: seconds(2 * i), end: seconds(2 * i + 1) };
    });
    this.#sets.length = 0;
    this.#dispatches.length = 0;
    return times;
  }

  async #read(querySet: GPUQuerySet, queries: number): Promise<BigUint64Array> {
    const size = queries * QUERY_BYTES;
    const resolved = this.#device.createBuffer({ size, usage: RESOLVE });
    const staging = this.#device.createBuffer({ size, usage: STAGING });
    const encoder = this.#device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, queries, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(READ);
    const values = new BigUint64Array(staging.getMappedRange().slice(0));
    resolved.destroy();
    staging.destroy();
    return values;
  }
}
