import { Gpu, type GpuOptions } from '../../src/gpu/gpu.js';
import type { BufferSlice, KernelName, KernelUse } from '../../src/gpu/kernel.js';
import { Recording, type DispatchTimer, type Operation } from '../../src/gpu/recording.js';
import type { Work, WorkKind } from '../../src/gpu/work.js';
import { costOf, type KernelParams } from './costs.js';
import { Replay } from './replay.js';
import { HostTimes } from './host-times.js';
import { Timestamps } from './timestamps.js';

/** What a kernel did while it was profiled. */
export interface KernelTally {
  dispatches: number;
  seconds: number;
  /** By the sizes that it was bound with, where costs.ts knows it. */
  flops: number;
  bytes: number;
}

/** What was profiled. */
export interface Profile {
  readonly kernels: ReadonlyMap<KernelName, KernelTally>;
  /** What operations said that they cost, by their kind. */
  readonly told: ReadonlyMap<WorkKind, { readonly flops: number; readonly bytes: number }>;
  /** Device seconds between the dispatches of a submission: copies, and what the device needs to go on. */
  readonly gaps: number;
  readonly host: HostTimes;
  /** How the kernels' times were taken. */
  readonly by: 'timestamps' | 'difference';
}

/** A device that tells where the time of a run goes, kernel by kernel and on the host. */
export class ProfiledGpu extends Gpu {
  readonly #params = new WeakMap<Operation, KernelParams>();
  readonly #timestamps: Timestamps | undefined;
  readonly #tallies = new Map<KernelName, KernelTally>();
  readonly #told = new Map<WorkKind, { flops: number; bytes: number }>();
  #replay: Replay | undefined;
  readonly #watch: { host?: HostTimes | undefined };
  #submissions = 0;

  /** @param by.timestamps false: as on an adapter without them. */
  constructor(device: GPUDevice, adapter: string, options: GpuOptions, by: { readonly timestamps?: boolean } = {}) {
    const watch: { host?: HostTimes | undefined } = {};
    const { wait = (pending) => pending } = options;
    super(device, adapter, {
      ...options,
      wait: (pending) => (watch.host ? watch.host.wait(wait(pending)) : wait(pending)),
    });
    this.#watch = watch;
    const has = device.features.has('timestamp-query') && by.timestamps !== false;
    if (has) this.#timestamps = new Timestamps(device);
  }

  /** Undefined while nothing is profiled. */
  get host(): HostTimes | undefined {
    return this.#watch.host;
  }

  override get timer(): DispatchTimer | undefined {
    return this.host && this.#timestamps;
  }

  /** Runs something and tells where its time went. */
  async profile(run: () => Promise<unknown>): Promise<Profile> {
    this.#tallies.clear();
    this.#told.clear();
    if (!this.#timestamps) this.#replay = new Replay(this);
    const host = (this.#watch.host = new HostTimes());
    let gaps = 0;
    try {
      await run();
    } finally {
      host.finish();
      this.#watch.host = undefined;
    }
    if (this.#timestamps) {
      const times = await this.#timestamps.take();
      times.forEach(({ kernel, submission, start, end }, i) => {
        this.#tallies.get(kernel)!.seconds += end - start;
        const before = times[i - 1];
        if (before?.submission === submission) gaps += Math.max(0, start - before.end);
      });
    } else {
      const seconds = await this.#replay!.seconds();
      for (const [kernel, tally] of this.#tallies) tally.seconds = seconds.get(kernel) ?? 0;
      const { buffers } = this.#replay!;
      this.#replay = undefined;
      for (const buffer of buffers) this.destroyBuffer(buffer);
    }
    return {
      kernels: new Map(this.#tallies),
      told: new Map(this.#told),
      gaps,
      host,
      by: this.#timestamps ? 'timestamps' : 'difference',
    };
  }

  override async operation<N extends KernelName>(name: N, use: KernelUse<N>, uniform: BufferSlice): Promise<Operation> {
    const operation = await super.operation(name, use, uniform);
    this.#params.set(operation, use.params);
    return operation;
  }

  override upload(...upload: Parameters<Gpu['upload']>): void {
    if (this.host) this.host.during('upload', () => super.upload(...upload));
    else super.upload(...upload);
  }

  override count(work: Work): void {
    super.count(work);
    if (!this.host) return;
    const before = this.#told.get(work.kind) ?? { flops: 0, bytes: 0 };
    this.#told.set(work.kind, { flops: before.flops + work.flops, bytes: before.bytes + work.bytes });
  }

  override destroyBuffer(buffer: GPUBuffer): void {
    if (this.#replay) this.#replay.keep(buffer);
    else super.destroyBuffer(buffer);
  }

  override record(): Recording {
    return this.host ? new ProfiledRecording(this, this.host) : super.record();
  }

  dispatched(operation: Operation, grid: readonly [number, number, number]): void {
    const { kernel } = operation;
    const tally = this.#tallies.get(kernel) ?? { dispatches: 0, seconds: 0, flops: 0, bytes: 0 };
    const cost = costOf(kernel, this.#params.get(operation) ?? {}, grid[0] * grid[1] * grid[2]);
    tally.dispatches++;
    tally.flops += cost?.flops ?? 0;
    tally.bytes += cost?.bytes ?? 0;
    this.#tallies.set(kernel, tally);
    this.#replay?.dispatched(operation, grid);
  }

  encodes(): void {
    if (this.#timestamps) this.#timestamps.submission = this.#submissions++;
  }
}

/** A recording whose host time is told by cause: from its beginning to its submission it is `record`. */
class ProfiledRecording extends Recording {
  readonly #profiled: ProfiledGpu;
  readonly #host: HostTimes;

  constructor(gpu: ProfiledGpu, host: HostTimes) {
    super(gpu);
    this.#profiled = gpu;
    this.#host = host;
    host.begin('record');
  }

  override dispatch(operation: Operation, x: number, y = 1, z = 1): void {
    super.dispatch(operation, x, y, z);
    if (x * y * z > 0) this.#profiled.dispatched(operation, [x, y, z]);
  }

  override readback(slice: BufferSlice): () => Promise<ArrayBuffer> {
    const pending = super.readback(slice);
    return async () => {
      const data = await pending();
      this.#host.spent('read');
      return data;
    };
  }

  override encode(): GPUCommandBuffer {
    this.#profiled.encodes();
    return this.#host.during('encode', () => super.encode());
  }

  override submit(): void {
    try {
      this.#host.during('submit', () => super.submit());
    } finally {
      this.#host.end();
    }
  }
}
