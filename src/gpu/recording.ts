import { EdgewiseError } from '../base/errors.js';
import type { Buffers } from './buffers.js';
import type { Counters } from './counters.js';
import type { BufferSlice, KernelName } from './kernel.js';

/** A kernel with its pipeline, uniforms and buffers bound: ready to be dispatched any number of times. */
export interface Operation {
  readonly kernel: KernelName;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/** What a recording needs of its device. */
export interface RecordingDevice {
  readonly device: GPUDevice;
  readonly adapter: string;
  readonly counters: Counters;
  readonly buffers: Buffers;
  /** Throws the device's first error, where there was one. */
  check(): void;
  /** Makes a buffer readable on the host once the device is done with it. */
  map(buffer: GPUBuffer): Promise<void>;
}

/** Where commands go when they are submitted. */
interface Target {
  readonly encoder: GPUCommandEncoder;
  /** The open compute pass. Copies end it. */
  pass: GPUComputePassEncoder | undefined;
}

/**
 * Commands of one submission: dispatches and copies, in order. They reach the device in submit(); a recording that is
 * never submitted holds nothing.
 */
export class Recording {
  readonly #gpu: RecordingDevice;
  readonly #commands: ((target: Target) => void)[] = [];
  readonly #staging: (() => void)[] = [];
  #encoded: GPUCommandBuffer | undefined;

  constructor(gpu: RecordingDevice) {
    this.#gpu = gpu;
  }

  /** @throws EdgewiseError of kind `kernel` for a grid beyond the adapter's. A grid of nothing is left out. */
  dispatch(operation: Operation, x: number, y = 1, z = 1): void {
    if (x === 0 || y === 0 || z === 0) return;
    const limit = this.#gpu.device.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit) {
      const what = `a grid of ${x} x ${y} x ${z} workgroups exceeds ${limit} a dimension`;
      throw new EdgewiseError('kernel', operation.kernel, what);
    }
    this.#commands.push((target) => {
      target.pass ??= target.encoder.beginComputePass();
      target.pass.setPipeline(operation.pipeline);
      target.pass.setBindGroup(0, operation.bindGroup);
      target.pass.dispatchWorkgroups(x, y, z);
    });
    this.#gpu.counters.dispatches++;
  }

  /**
   * One workgroup per row, spread over x and y where there are more rows than one dimension takes.
   *
   * @param blocks workgroups of every row, in z; default 1. See rowBlocks.
   */
  dispatchRows(operation: Operation, rows: number, blocks = 1): void {
    const limit = this.#gpu.device.limits.maxComputeWorkgroupsPerDimension;
    const y = Math.ceil(rows / limit);
    this.dispatch(operation, Math.ceil(rows / Math.max(1, y)), y, blocks);
  }

  copy(from: BufferSlice, to: BufferSlice): void {
    this.#outsidePass((encoder) =>
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size),
    );
  }

  /** Fills with zeros. */
  clear(slice: BufferSlice): void {
    this.#outsidePass((encoder) => encoder.clearBuffer(slice.buffer, slice.offset, slice.size));
  }

  /**
   * Queues a copy to the host; call the result after submit().
   *
   * @throws EdgewiseError of kind `device`, from the result: the device's first error, or that nothing was submitted.
   */
  readback(slice: BufferSlice): () => Promise<ArrayBuffer> {
    const gpu = this.#gpu;
    let staging: GPUBuffer | undefined;
    const free = (): void => {
      if (staging) gpu.buffers.destroy(staging);
      staging = undefined;
    };
    this.#staging.push(free);
    this.#outsidePass((encoder) => {
      staging = gpu.buffers.create('readback', slice.size, 'staging');
      encoder.copyBufferToBuffer(slice.buffer, slice.offset, staging, 0, slice.size);
      gpu.counters.readBytes += slice.size;
    });
    return async () => {
      if (!staging) throw new EdgewiseError('device', slice.buffer.label, 'read without a submission');
      try {
        await gpu.map(staging);
        return staging.getMappedRange().slice(0, slice.size);
      } catch (error) {
        gpu.check(); // the device's own first error explains more than a failed map
        throw new EdgewiseError('device', gpu.adapter, 'the device stopped answering', { cause: error });
      } finally {
        free();
      }
    };
  }

  /** Hands the commands to the encoder ahead of submit(), for a measurement of the device alone. Nothing follows it. */
  encode(): GPUCommandBuffer {
    const target: Target = { encoder: this.#gpu.device.createCommandEncoder(), pass: undefined };
    for (const command of this.#commands) command(target);
    target.pass?.end();
    return (this.#encoded = target.encoder.finish());
  }

  /** @throws EdgewiseError of kind `device`: the device's first error. Buffers to read back into are then freed. */
  submit(): void {
    try {
      this.#gpu.device.queue.submit([this.#encoded ?? this.encode()]);
      this.#gpu.counters.submissions++;
      this.#gpu.check();
    } catch (error) {
      for (const free of this.#staging) free();
      throw error;
    }
  }

  #outsidePass(command: (encoder: GPUCommandEncoder) => void): void {
    this.#commands.push((target) => {
      target.pass?.end();
      target.pass = undefined;
      command(target.encoder);
    });
  }
}
