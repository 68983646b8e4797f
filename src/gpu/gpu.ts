import { EdgewiseError } from '../base/errors.js';
import { kernelRecord, packParams, paramsSize, type BufferSlice, type KernelName, type KernelUse } from './kernel.js';
import { defaultTile, subgroupLanes, tileLacks, type TileName } from './product/tiles.js';
import { rowWorkgroup } from './workgroups.js';

/** A kernel with its pipeline, uniforms and buffers bound: ready to be dispatched any number of times. */
export interface Operation {
  readonly kernel: KernelName;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/** What dispatches cost: operations on f32, and bytes of buffers that they read and write at least. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

/** What was issued since the device was opened; benches take differences. */
export interface Counters {
  dispatches: number;
  submissions: number;
  uploadedBytes: number;
  readBytes: number;
  /** Of what tells its work: passes and readouts. */
  flops: number;
  bytes: number;
}

/** Awaits what the device will do; how is up to the surroundings. */
export type Wait = <T>(pending: Promise<T>) => Promise<T>;

export interface GpuOptions {
  /** Tile of the matrix products; default: one that runs on the device, chosen without measuring (src/gpu/product/choose-tile.ts measures). */
  readonly tile?: TileName;
  /** How to wait for the device; default: await it. */
  readonly wait?: Wait | undefined;
  /** Bytes; only to test the split of large tensors on an adapter that would not need it. */
  readonly bindingLimit?: number | undefined;
}

const STORAGE = 0x80 | 0x08 | 0x04; // GPUBufferUsage STORAGE | COPY_DST | COPY_SRC
const UNIFORM = 0x40 | 0x08; // UNIFORM | COPY_DST
const STAGING = 0x01 | 0x08; // MAP_READ | COPY_DST
const MAP_READ = 0x01; // GPUMapMode.READ
const COMPUTE = 0x04; // GPUShaderStage.COMPUTE

/**
 * A device with its pipelines, its count of live bytes and its first error. The only place that talks to WebGPU; the
 * device itself is injected, so that the engine runs in Node and in a browser tab alike.
 */
export class Gpu {
  readonly device: GPUDevice;
  /** Name of the adapter, for reports and provenance. */
  readonly adapter: string;
  /** Largest storage binding in bytes: no tensor that a kernel sees may be larger. */
  readonly maxBinding: number;
  readonly counters: Counters = {
    dispatches: 0,
    submissions: 0,
    uploadedBytes: 0,
    readBytes: 0,
    flops: 0,
    bytes: 0,
  };
  /** The tile of every matrix product bound on this device, unless one asks for another: fixed before any is. */
  readonly tile: TileName;
  /** Invocations that every subgroup has; 0 where the device was opened without subgroups. */
  readonly subgroupLanes: number;
  /** Invocations of a workgroup in the kernels that take a row each. */
  readonly rowWorkgroup: number;
  #liveBytes = 0;
  #peakBytes = 0;
  #failure: EdgewiseError | undefined;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #modules = new Map<KernelName, GPUShaderModule>();

  readonly #wait: Wait;

  /** @throws EdgewiseError of kind `device` where the device lacks what the tile needs. */
  constructor(device: GPUDevice, adapter: string, options: GpuOptions = {}) {
    const { tile = defaultTile(device), wait = (pending) => pending, bindingLimit = Infinity } = options;
    const lacking = tileLacks(tile, device);
    if (lacking !== undefined) throw new EdgewiseError('device', `tile ${tile}`, `needs ${lacking}: not on ${adapter}`);
    this.device = device;
    this.adapter = adapter;
    this.tile = tile;
    this.subgroupLanes = subgroupLanes(device);
    this.rowWorkgroup = rowWorkgroup(device);
    this.#wait = wait;
    const limits = device.limits;
    this.maxBinding = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, bindingLimit);
    device.addEventListener('uncapturederror', (event) => {
      // The first error explains the others.
      this.#failure ??= new EdgewiseError('device', adapter, firstLine(event.error.message));
    });
    void device.lost.then((info) => {
      if (info.reason !== 'destroyed') {
        this.#failure ??= new EdgewiseError('device', adapter, `the device was lost: ${firstLine(info.message)}`);
      }
    });
  }

  /** Most workgroups along one dimension of a dispatch. */
  get maxWorkgroups(): number {
    return this.device.limits.maxComputeWorkgroupsPerDimension;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Throws the first error that the device reported, if any. Called after every wait. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  createBuffer(label: string, bytes: number, usage: 'storage' | 'uniform' | 'staging' = 'storage'): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    if (size > this.device.limits.maxBufferSize) {
      throw new EdgewiseError(
        'device',
        label,
        `needs ${size} bytes; this adapter's buffers end at ${this.device.limits.maxBufferSize}`,
      );
    }
    const flags = usage === 'storage' ? STORAGE : usage === 'uniform' ? UNIFORM : STAGING;
    const buffer = this.device.createBuffer({ label, size, usage: flags });
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return buffer;
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#liveBytes -= buffer.size;
    buffer.destroy();
  }

  /** Writes at a byte offset of a slice. Queued before whatever is submitted afterwards. */
  upload(target: BufferSlice, data: Float32Array | Uint32Array, offset = 0): void {
    if (offset + data.byteLength > target.size) {
      throw new EdgewiseError(
        'shape',
        target.buffer.label,
        `upload of ${data.byteLength} bytes at ${offset} into ${target.size}`,
      );
    }
    this.device.queue.writeBuffer(target.buffer, target.offset + offset, data.buffer, data.byteOffset, data.byteLength);
    this.counters.uploadedBytes += data.byteLength;
  }

  /** The pipeline of a kernel with these overrides; concurrent requests share one compilation. */
  pipeline(name: KernelName, overrides: Readonly<Record<string, number>>): Promise<GPUComputePipeline> {
    const key = `${name} ${JSON.stringify(overrides)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(name, overrides);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(name: KernelName, overrides: Readonly<Record<string, number>>): Promise<GPUComputePipeline> {
    const record = kernelRecord(name);
    let module = this.#modules.get(name);
    if (!module) {
      module = this.device.createShaderModule({ label: name, code: record.source });
      this.#modules.set(name, module);
    }
    const layout = this.device.createPipelineLayout({
      bindGroupLayouts: [
        this.device.createBindGroupLayout({
          label: name,
          entries: record.bindings.map((b) => ({ binding: b.binding, visibility: COMPUTE, buffer: { type: b.type } })),
        }),
      ],
    });
    try {
      return await this.device.createComputePipelineAsync({
        label: name,
        layout,
        compute: { module, entryPoint: name, constants: { ...overrides } },
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new EdgewiseError('kernel', `kernels/${name}.wgsl`, firstLine(text), { cause: error });
    }
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
    const pipeline = await this.pipeline(name, { ...workgroup, ...use.overrides });
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

  /** Resolves once everything submitted is done. Rejects with the device's first error. */
  async finished(): Promise<void> {
    await this.#wait(this.device.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Makes a buffer readable on the host once the device is done with it. */
  async map(buffer: GPUBuffer): Promise<void> {
    await this.#wait(buffer.mapAsync(MAP_READ));
    this.check();
  }

  /** Adds to the counters what recorded dispatches cost. */
  count({ flops, bytes }: Work): void {
    this.counters.flops += flops;
    this.counters.bytes += bytes;
  }

  record(): Recording {
    return new Recording(this);
  }

  /** Copies a slice to the host. Rejects with the device's first error. */
  async read(slice: BufferSlice): Promise<ArrayBuffer> {
    const recording = this.record();
    const pending = recording.readback(slice);
    recording.submit();
    return pending();
  }
}

/** Commands of one submission: dispatches and copies, in order. */
export class Recording {
  readonly #gpu: Gpu;
  readonly #encoder: GPUCommandEncoder;
  #pass: GPUComputePassEncoder | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#encoder = gpu.device.createCommandEncoder();
  }

  dispatch(operation: Operation, x: number, y = 1, z = 1): void {
    if (x === 0 || y === 0 || z === 0) return;
    const limit = this.#gpu.device.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit) {
      throw new EdgewiseError(
        'kernel',
        operation.kernel,
        `a grid of ${x} x ${y} x ${z} workgroups exceeds ${limit} a dimension`,
      );
    }
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(operation.pipeline);
    this.#pass.setBindGroup(0, operation.bindGroup);
    this.#pass.dispatchWorkgroups(x, y, z);
    this.#gpu.counters.dispatches++;
  }

  /** One workgroup per row, spread over x and y where there are more rows than one dimension takes. */
  dispatchRows(operation: Operation, rows: number): void {
    const limit = this.#gpu.device.limits.maxComputeWorkgroupsPerDimension;
    const y = Math.ceil(rows / limit);
    this.dispatch(operation, Math.ceil(rows / Math.max(1, y)), y);
  }

  copy(from: BufferSlice, to: BufferSlice): void {
    this.#endPass();
    this.#encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size);
  }

  /** Fills with zeros. */
  clear(slice: BufferSlice): void {
    this.#endPass();
    this.#encoder.clearBuffer(slice.buffer, slice.offset, slice.size);
  }

  /** Queues a copy to the host; call the result after submit(). */
  readback(slice: BufferSlice): () => Promise<ArrayBuffer> {
    this.#endPass();
    const gpu = this.#gpu;
    const staging = gpu.createBuffer('readback', slice.size, 'staging');
    this.#encoder.copyBufferToBuffer(slice.buffer, slice.offset, staging, 0, slice.size);
    gpu.counters.readBytes += slice.size;
    return async () => {
      try {
        await gpu.map(staging);
        return staging.getMappedRange().slice(0, slice.size);
      } catch (error) {
        gpu.check(); // the device's own first error explains more than a failed map
        throw new EdgewiseError('device', gpu.adapter, 'the device stopped answering', { cause: error });
      } finally {
        gpu.destroyBuffer(staging);
      }
    };
  }

  submit(): void {
    this.#endPass();
    this.#gpu.device.queue.submit([this.#encoder.finish()]);
    this.#gpu.counters.submissions++;
    this.#gpu.check();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim() || 'no message from the driver';
}
