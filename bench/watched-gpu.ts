import { Gpu } from '../src/gpu/gpu.js';
import { Recording } from '../src/gpu/recording.js';
import type { BufferSlice } from '../src/gpu/kernel.js';
import type { Staging } from '../src/gpu/staging.js';

/**
 * A device whose host time is measured: what passes between an answer's arrival and the next submission, in which the
 * device has nothing to do. It is what the host adds to a search that waits for every answer.
 */
export class WatchedGpu extends Gpu {
  /** Host seconds so far. */
  hostSeconds = 0;
  #answeredAt: number | undefined;

  override record(staging?: Staging): Recording {
    return new WatchedRecording(this, staging);
  }

  answered(): void {
    this.#answeredAt = performance.now();
  }

  submitted(): void {
    if (this.#answeredAt === undefined) return;
    this.hostSeconds += (performance.now() - this.#answeredAt) / 1000;
    this.#answeredAt = undefined;
  }
}

class WatchedRecording extends Recording {
  readonly #watched: WatchedGpu;

  constructor(gpu: WatchedGpu, staging?: Staging) {
    super(gpu, staging);
    this.#watched = gpu;
  }

  override readback(slice: BufferSlice): () => Promise<ArrayBuffer> {
    const pending = super.readback(slice);
    return async () => {
      const data = await pending();
      this.#watched.answered();
      return data;
    };
  }

  override submit(): void {
    super.submit();
    this.#watched.submitted();
  }
}
