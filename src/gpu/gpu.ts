import { EdgewiseError } from '../base/errors.js';
import { Buffers, type BufferUse } from './buffers.js';
import { addWork, noCounts, type Counters } from './counters.js';
import { FirstError } from './first-error.js';
import {
  kernelRecord,
  packParams,
  paramsSize,
  storageOf,
  type BufferSlice,
  type KernelName,
  type KernelUse,
} from './kernel.js';
import { Pipelines } from './pipelines.js';
import { defaultTile, subgroupLanes, tileLacks, type TileName } from './product/tiles.js';
import { Recording, type DispatchTimer, type Operation } from './recording.js';
import type { Staging } from './staging.js';
import type { Work } from './work.js';
import { rowWorkgroup } from './workgroups.js';

/** Awaits what the device will do; how is up to the surroundings. */
export type Wait = <T>(pending: Promise<T>) => Promise<T>;

export interface GpuOptions {
  /**
   * Tile of the matrix products; default: one that runs on the device. src/gpu/product/choose-tile.ts measures the
   * tiles.
   */
  readonly tile?: TileName;
  /** Tile of the products with a transposed matrix; default: `tile`. */
  readonly transposedTile?: TileName;
  /** Invocations of a workgroup in the kernels that take a row each, a power of two; default: see rowWorkgroup. */
  readonly rowWorkgroup?: number;
  /** How to wait for the device; default: await it. */
  readonly wait?: Wait | undefined;
  /** Bytes; only to test the split of large tensors on an adapter that would not need it. */
  readonly bindingLimit?: number | undefined;
}

const MAP_READ = 0x01; // GPUMapMode.READ

/** Most bytes of uploads that may wait for the device. Until then their copies are in the host's memory. */
const MOST_STAGED = 2 ** 26;

/**
 * A device with its buffers, pipelines and first error, and what suits it. The device itself is injected, so that the
 * engine runs in Node and in a browser tab alike. Only this folder talks to WebGPU.
 */
export class Gpu {
  readonly device: GPUDevice;
  /** Name of the adapter, for reports and provenance. */
  readonly adapter: string;
  /** Largest storage binding in bytes: no tensor that a kernel sees may be larger. */
  readonly maxBinding: number;
  readonly counters: Counters = noCounts();
  readonly buffers: Buffers;
  /** The tile of every matrix product bound on this device, unless one asks for another: fixed before any is. */
  readonly tile: TileName;
  /** The same of products with a transposed matrix. */
  readonly transposedTile: TileName;
  /** Invocations that every subgroup has; 0 where the device was opened without subgroups. */
  readonly subgroupLanes: number;
  /** Invocations of a workgroup in the kernels that take a row each. */
  readonly rowWorkgroup: number;
  readonly #pipelines: Pipelines;
  readonly #firstError: FirstError;
  readonly #wait: Wait;
  /** Bytes uploaded since the device last was known to be done. */
  #staged = 0;

  /** @throws EdgewiseError of kind `device` where the device lacks what the tile needs. */
  constructor(device: GPUDevice, adapter: string, options: GpuOptions = {}) {
    const { tile = defaultTile(device), wait = (pending) => pending, bindingLimit = Infinity } = options;
    const { transposedTile = tile } = options;
    for (const name of [tile, transposedTile]) {
      const lacking = tileLacks(name, device);
      if (lacking === undefined) continue;
      throw new EdgewiseError('device', `tile ${name}`, `needs ${lacking}: not on ${adapter}`);
    }
    this.device = device;
    this.adapter = adapter;
    this.tile = tile;
    this.transposedTile = transposedTile;
    this.subgroupLanes = subgroupLanes(device);
    this.rowWorkgroup = options.rowWorkgroup ?? rowWorkgroup(device);
    this.buffers = new Buffers(device);
    this.#pipelines = new Pipelines(device);
    this.#firstError = new FirstError(device, adapter);
    this.#wait = wait;
    const limits = device.limits;
    this.maxBinding = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, bindingLimit);
  }

  /** Most workgroups along one dimension of a dispatch. */
  get maxWorkgroups(): number {
    return this.device.limits.maxComputeWorkgroupsPerDimension;
  }

  /** Benches have one; see DispatchTimer. */
  get timer(): DispatchTimer | undefined {
    return undefined;
  }

  get liveBytes(): number {
    return this.buffers.liveBytes;
  }

  get peakBytes(): number {
    return this.buffers.peakBytes;
  }

  /** Throws the first error that the device reported, if any. Called after every wait. */
  check(): void {
    this.#firstError.check();
  }

  createBuffer(label: string, bytes: number, use: BufferUse = 'storage'): GPUBuffer {
    return this.buffers.create(label, bytes, use);
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.buffers.destroy(buffer);
  }

  /** Writes at a byte offset of a slice. Queued before whatever is submitted afterwards. */
  upload(target: BufferSlice, data: Float32Array | Uint32Array | Uint16Array, offset = 0): void {
    if (offset + data.byteLength > target.size) {
      throw new EdgewiseError(
        'shape',
        target.buffer.label,
        `upload of ${data.byteLength} bytes at ${offset} into ${target.size}`,
      );
    }
    this.device.queue.writeBuffer(target.buffer, target.offset + offset, data.buffer, data.byteOffset, data.byteLength);
    this.counters.uploadedBytes += data.byteLength;
    this.#staged += data.byteLength;
  }

  /** Binds a kernel. `uniform` is a slice of a uniform buffer of paramsSize(name) bytes, owned by the caller. */
  async operation<N extends KernelName>(name: N, use: KernelUse<N>, uniform: BufferSlice): Promise<Operation> {
    const buffers: Readonly<Record<string, BufferSlice>> = use.buffers;
    const record = kernelRecord(name);
    for (const [variable, slice] of Object.entries(buffers)) {
      if (slice.size > this.maxBinding) {
        throw new EdgewiseError(
          'device',
          `kernel ${name}, ${variable}`,
          `${slice.size} bytes exceed this adapter's binding limit of ${this.maxBinding}`,
        );
      }
    }
    const workgroup = record.overrides.includes('WORKGROUP') ? { WORKGROUP: this.rowWorkgroup } : {};
    const overrides = { ...workgroup, ...use.overrides };
    const pipeline = await this.#pipelines.get(name, overrides, storageOf(name, buffers));
    this.device.queue.writeBuffer(uniform.buffer, uniform.offset, packParams(name, use.params));
    const bindGroup = this.device.createBindGroup({
      label: name,
      layout: pipeline.getBindGroupLayout(0),
      entries: record.bindings.map(({ name: variable, binding }) => ({
        binding,
        resource: variable === 'params' ? { ...uniform, size: paramsSize(name) } : buffers[variable]!,
      })),
    });
    return { kernel: name, pipeline, bindGroup };
  }

  /** Waits for the device where much was uploaded that it may not have yet. Rejects with the device's first error. */
  async drainUploads(): Promise<void> {
    if (this.#staged > MOST_STAGED) await this.finished();
  }

  /** Resolves once everything submitted is done. Rejects with the device's first error. */
  async finished(): Promise<void> {
    this.#staged = 0;
    await this.#wait(this.device.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Makes a buffer readable on the host once the device is done with it. */
  async map(buffer: GPUBuffer): Promise<void> {
    await this.#wait(buffer.mapAsync(MAP_READ));
    this.check();
  }

  /** Adds to the counters what recorded dispatches cost. */
  count(work: Work): void {
    addWork(this.counters, work);
  }

  /** @param staging where what is read back goes; default: a buffer that is freed once it was read. */
  record(staging?: Staging): Recording {
    return new Recording(this, staging);
  }

  /** Copies a slice to the host. Rejects with the device's first error. */
  async read(slice: BufferSlice): Promise<ArrayBuffer> {
    const recording = this.record();
    const pending = recording.readback(slice);
    recording.submit();
    return pending();
  }
}
