import { EdgewiseError } from '../base/errors.js';
import type { Gpu } from './gpu.js';
import type { Operation } from './recording.js';
import { paramsSize, type BufferSlice, type KernelName, type KernelUse } from './kernel.js';

/** A row-major array on the device. Shapes are in elements of 4 bytes. */
export interface Tensor extends BufferSlice {
  readonly shape: readonly number[];
}

const UNIFORM_BLOCK = 65536;

/**
 * Owns the buffers and uniforms of one lifetime (a model, a run, a call). dispose() frees them together: whoever
 * allocates frees.
 */
export class Arena {
  readonly gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];
  #uniforms: GPUBuffer | undefined;
  #uniformsUsed = 0;
  #disposed = false;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** A zeroed tensor of 4-byte elements. */
  tensor(label: string, shape: readonly number[]): Tensor {
    const size = Math.max(16, 4 * shape.reduce((product, n) => product * n, 1));
    return { buffer: this.#own(label, size, 'storage'), offset: 0, size, shape };
  }

  upload(label: string, data: Float32Array | Uint32Array, shape: readonly number[] = [data.length]): Tensor {
    const tensor = this.tensor(label, shape);
    this.gpu.upload(tensor, data);
    return tensor;
  }

  /** Binds a kernel, with its uniforms stored in this arena. */
  operation<N extends KernelName>(name: N, use: KernelUse<N>): Promise<Operation> {
    return this.gpu.operation(name, use, this.#uniform(paramsSize(name)));
  }

  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers) this.gpu.destroyBuffer(buffer);
    this.#buffers.length = 0;
    this.#uniforms = undefined;
  }

  /** After an error the arena may be gone while other parts of a Promise.all still ask it for buffers. */
  #own(label: string, size: number, usage: 'storage' | 'uniform'): GPUBuffer {
    if (this.#disposed) throw new EdgewiseError('device', label, 'its arena was disposed');
    const buffer = this.gpu.createBuffer(label, size, usage);
    this.#buffers.push(buffer);
    return buffer;
  }

  #uniform(bytes: number): BufferSlice {
    if (!this.#uniforms || this.#uniformsUsed + bytes > UNIFORM_BLOCK) {
      this.#uniforms = this.#own('uniforms', UNIFORM_BLOCK, 'uniform');
      this.#uniformsUsed = 0;
    }
    const slice = { buffer: this.#uniforms, offset: this.#uniformsUsed, size: bytes };
    const alignment = this.gpu.device.limits.minUniformBufferOffsetAlignment;
    this.#uniformsUsed += Math.ceil(bytes / alignment) * alignment;
    return slice;
  }
}

/** Part of a tensor: `count` elements from element `first`. Offsets of bindings must be multiples of 256 bytes. */
export function sliceOf(tensor: BufferSlice, first: number, count: number): BufferSlice {
  return { buffer: tensor.buffer, offset: tensor.offset + 4 * first, size: 4 * count };
}
