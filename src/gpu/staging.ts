import type { Buffers } from './buffers.js';

/** Sizes of staging buffers are multiples of this. */
const STEP = 256;

/** Where recordings get the buffers that they read back into. */
export interface Staging {
  /** A buffer of at least so many bytes, to be mapped for reading. */
  take(bytes: number): GPUBuffer;
  /** Ends the use of a buffer. @param reusable it is neither mapped nor waited for. */
  giveBack(buffer: GPUBuffer, reusable: boolean): void;
}

/** A staging buffer for every submission. */
export class OwnStaging implements Staging {
  readonly #buffers: Buffers;

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  take(bytes: number): GPUBuffer {
    return this.#buffers.create('readback', bytes, 'staging');
  }

  giveBack(buffer: GPUBuffer): void {
    this.#buffers.destroy(buffer);
  }
}

/**
 * Staging buffers that are used again: as many as were in use at once. A search reads the same few numbers thousands of
 * times; creating and destroying a buffer for each of them takes longer than the copy.
 */
export class StagingPool implements Staging {
  readonly #buffers: Buffers;
  readonly #free: GPUBuffer[] = [];
  #disposed = false;

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  take(bytes: number): GPUBuffer {
    const fits = this.#free.findIndex(({ size }) => size >= bytes);
    if (fits >= 0) return this.#free.splice(fits, 1)[0]!;
    // A larger one takes the place of one that is too small.
    const small = this.#free.pop();
    if (small) this.#buffers.destroy(small);
    return this.#buffers.create('readback', STEP * Math.ceil(bytes / STEP), 'staging');
  }

  giveBack(buffer: GPUBuffer, reusable: boolean): void {
    if (reusable && !this.#disposed) this.#free.push(buffer);
    else this.#buffers.destroy(buffer);
  }

  /** Frees all buffers; those in use as soon as they are given back. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#free) this.#buffers.destroy(buffer);
    this.#free.length = 0;
  }
}
