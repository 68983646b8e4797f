import { EdgewiseError } from '../base/errors.js';
import type { Buffers } from './buffers.js';
import type { Counters } from './counters.js';
import type { BufferSlice, KernelName } from './kernel.js';
import { OwnStaging, type Staging } from './staging.js';

/** A kernel with its pipeline, uniforms and buffers bound: ready to be dispatched any number of times. */
export interface Operation {
  readonly kernel: KernelName;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/**
 * Times every dispatch by itself, for benches. A device that has one opens a compute pass for each dispatch; without
 * one, dispatches share passes.
 */
export interface DispatchTimer {
  /** What the pass of one dispatch is begun with. Called as the dispatch is handed to an encoder. */
  passOf(operation: Operation): GPUComputePassDescriptor;
}

/** What a recording needs of its device. */
export interface RecordingDevice {
  readonly device: GPUDevice;
  readonly adapter: string;
  readonly counters: Counters;
  readonly buffers: Buffers;
  readonly timer?: DispatchTimer | undefined;
  /** Throws the device's first error, where there was one. */
  check(): void;
  /** Makes a buffer readable on the host once the device is done with it. */
  map(buffer: GPUBuffer): Promise<void>;
  /** Writes into a slice. Queued before whatever is submitted afterwards. */
  upload(target: BufferSlice, data: Uint32Array): void;
}

/** What a recording reads back, side by side in one staging buffer. */
interface Readbacks {
  bytes: number;
  /** Readbacks that were not read yet. */
  pending: number;
  buffer: GPUBuffer | undefined;
  mapped: Promise<void> | undefined;
}

/** Words that reach the device with the recording, by way of a slice. */
interface Writes {
  readonly by: BufferSlice;
  words: Uint32Array<ArrayBuffer>;
  count: number;
}

/** Words that a recording has room for at first. */
const FIRST_WORDS = 4096;

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
  readonly #staging: Staging;
  readonly #readbacks: Readbacks = { bytes: 0, pending: 0, buffer: undefined, mapped: undefined };
  #writes: Writes | undefined;
  #encoded: GPUCommandBuffer | undefined;

  /** @param staging default: a buffer that is freed once everything was read. */
  constructor(gpu: RecordingDevice, staging: Staging = new OwnStaging(gpu.buffers)) {
    this.#gpu = gpu;
    this.#staging = staging;
  }

  /** @throws EdgewiseError of kind `kernel` for a grid beyond the adapter's. A grid of nothing is left out. */
  dispatch(operation: Operation, x: number, y = 1, z = 1): void {
    if (x === 0 || y === 0 || z === 0) return;
    const limit = this.#gpu.device.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit) {
      const what = `a grid of ${x} x ${y} x ${z} workgroups exceeds ${limit} a dimension`;
      throw new EdgewiseError('kernel', operation.kernel, what);
    }
    const { timer } = this.#gpu;
    this.#commands.push((target) => {
      if (timer) endPass(target);
      target.pass ??= target.encoder.beginComputePass(timer?.passOf(operation));
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
   * Writes words when the recording comes to it: dispatches before it see what was there. They are taken over now, and
   * reach the device in one upload for the whole recording.
   *
   * @param by where the recording's words lie until then. Recordings may share it: they are submitted one by one.
   * @param at byte offset within `target`.
   * @throws EdgewiseError of kind `shape` where `by` has no room left.
   */
  write(by: BufferSlice, target: BufferSlice, at: number, words: Uint32Array): void {
    const writes = (this.#writes ??= { by, words: new Uint32Array(FIRST_WORDS), count: 0 });
    const from = 4 * writes.count;
    if (from + words.byteLength > by.size) {
      throw new EdgewiseError(
        'shape',
        by.buffer.label,
        `${from + words.byteLength} bytes to write by way of ${by.size}`,
      );
    }
    if (writes.count + words.length > writes.words.length) {
      const larger = new Uint32Array(2 * (writes.count + words.length));
      larger.set(writes.words);
      writes.words = larger;
    }
    writes.words.set(words, writes.count);
    writes.count += words.length;
    this.#outsidePass((encoder) =>
      encoder.copyBufferToBuffer(by.buffer, by.offset + from, target.buffer, target.offset + at, words.byteLength),
    );
  }

  /** Bytes written so far. */
  get written(): number {
    return 4 * (this.#writes?.count ?? 0);
  }

  /**
   * Queues a copy to the host; call the result after submit(). All readbacks of a recording share a buffer, and are
   * waited for once.
   *
   * @throws EdgewiseError of kind `device`, from the result: the device's first error, or that nothing was submitted.
   */
  readback(slice: BufferSlice): () => Promise<ArrayBuffer> {
    const gpu = this.#gpu;
    const all = this.#readbacks;
    const at = all.bytes;
    all.bytes += Math.ceil(slice.size / 8) * 8;
    all.pending++;
    this.#outsidePass((encoder) => {
      all.buffer ??= this.#staging.take(all.bytes);
      encoder.copyBufferToBuffer(slice.buffer, slice.offset, all.buffer, at, slice.size);
      gpu.counters.readBytes += slice.size;
    });
    return async () => {
      const { buffer } = all;
      if (!buffer) throw new EdgewiseError('device', slice.buffer.label, 'read without a submission');
      try {
        await (all.mapped ??= gpu.map(buffer));
        return buffer.getMappedRange(at, slice.size).slice(0);
      } catch (error) {
        gpu.check(); // the device's own first error explains more than a failed map
        throw new EdgewiseError('device', gpu.adapter, 'the device stopped answering', { cause: error });
      } finally {
        if (--all.pending === 0) this.#free();
      }
    };
  }

  /** Ends the use of the staging buffer. */
  #free(): void {
    const { buffer, mapped } = this.#readbacks;
    this.#readbacks.buffer = undefined;
    if (!buffer) return;
    const readable = mapped !== undefined && buffer.mapState === 'mapped';
    if (readable) buffer.unmap();
    this.#staging.giveBack(buffer, readable);
  }

  /** Hands the commands to the encoder ahead of submit(), for a measurement of the device alone. Nothing follows it. */
  encode(): GPUCommandBuffer {
    const target: Target = { encoder: this.#gpu.device.createCommandEncoder(), pass: undefined };
    if (this.#writes) this.#gpu.upload(this.#writes.by, this.#writes.words.subarray(0, this.#writes.count));
    for (const command of this.#commands) command(target);
    endPass(target);
    return (this.#encoded = target.encoder.finish());
  }

  /** @throws EdgewiseError of kind `device`: the device's first error. Buffers to read back into are then freed. */
  submit(): void {
    try {
      this.#gpu.device.queue.submit([this.#encoded ?? this.encode()]);
      this.#gpu.counters.submissions++;
      this.#gpu.check();
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  #outsidePass(command: (encoder: GPUCommandEncoder) => void): void {
    this.#commands.push((target) => {
      endPass(target);
      command(target.encoder);
    });
  }
}

function endPass(target: Target): void {
  target.pass?.end();
  target.pass = undefined;
}
