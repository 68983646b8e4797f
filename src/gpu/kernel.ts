import type { WeightStorage } from '../base/stored-values.js';
import { kernels, weightSources } from './kernels.gen.js';

/** Kernels by name, with their bindings, uniform fields and overrides as literal types. */
export type KernelName = keyof typeof kernels;
type Kernel<N extends KernelName> = (typeof kernels)[N];
type BindingName<N extends KernelName> = Exclude<Kernel<N>['bindings'][number]['name'], 'params'>;

/** A range of a GPU buffer, in bytes. */
export interface BufferSlice {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Weights on the device, and how each of them is stored. */
export interface StoredSlice extends BufferSlice {
  readonly storage: WeightStorage;
}

/** What a variable of a kernel is bound to. */
type Bound<N extends KernelName, K> =
  Extract<Kernel<N>['bindings'][number], { readonly name: K }> extends { readonly stored: true }
    ? StoredSlice
    : BufferSlice;

/** What a kernel needs to become an operation; every name is checked against the kernel's own source. */
export interface KernelUse<N extends KernelName> {
  /** Storage buffers by the WGSL variable's name. */
  readonly buffers: { readonly [K in BindingName<N>]: Bound<N, K> };
  /** Fields of the kernel's `Params`. */
  readonly params: { readonly [K in Kernel<N>['params'][number]['name']]: number };
  /** Pipeline constants. WORKGROUP is optional: the device chooses it (src/gpu/workgroups.ts). */
  readonly overrides: Overrides<N>;
}

type OverrideName<N extends KernelName> = Kernel<N>['overrides'][number];
type Overrides<N extends KernelName> = { readonly [K in Exclude<OverrideName<N>, 'WORKGROUP'>]: number } & {
  readonly [K in Extract<OverrideName<N>, 'WORKGROUP'>]?: number;
};

/** Kernels that take a list of jobs: their WGSL has a `struct Job`. */
export type JobKernel = { [N in KernelName]: Kernel<N>['job'] extends readonly [] ? never : N }[KernelName];

/** The fields of a kernel's `struct Job`. */
export type Job<N extends JobKernel> = { readonly [K in Kernel<N>['job'][number]]: number };

interface KernelRecord {
  readonly name: string;
  readonly source: string;
  readonly bindings: readonly {
    readonly name: string;
    readonly binding: number;
    readonly type: GPUBufferBindingType;
    /** Holds weights, in a storage that comes with what is bound to it. */
    readonly stored?: boolean;
  }[];
  readonly params: readonly { readonly name: string; readonly type: 'u32' | 'i32' | 'f32' }[];
  readonly job: readonly string[];
  readonly overrides: readonly string[];
}

export function kernelRecord(name: KernelName): KernelRecord {
  return kernels[name];
}

/** The storage of the weights that a kernel is bound to; undefined for a kernel that reads none. */
export function storageOf(
  name: KernelName,
  buffers: Readonly<Record<string, BufferSlice | StoredSlice>>,
): WeightStorage | undefined {
  const stored = kernelRecord(name).bindings.find((binding) => binding.stored);
  return stored && (buffers[stored.name] as StoredSlice).storage;
}

/** The WGSL of a kernel. @param storage of the weights that it reads. */
export function kernelSource(name: KernelName, storage: WeightStorage | undefined): string {
  const { source } = kernelRecord(name);
  return storage === undefined ? source : `${source}\n${weightSources[storage]}`;
}

/** Bytes of a kernel's uniform struct: four per field, rounded up to the 16 that uniform structs are aligned to. */
export function paramsSize(name: KernelName): number {
  return Math.ceil(kernelRecord(name).params.length / 4) * 16;
}

/** Packs uniform fields in the order of the struct. */
export function packParams(name: KernelName, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(paramsSize(name));
  const view = new DataView(bytes);
  kernelRecord(name).params.forEach((field, i) => {
    const value = values[field.name]!;
    if (field.type === 'f32') view.setFloat32(4 * i, value, true);
    else if (field.type === 'u32') view.setUint32(4 * i, value, true);
    else view.setInt32(4 * i, value, true);
  });
  return bytes;
}

/** Words of one job in the list that a kernel reads. */
export function jobSize(name: JobKernel): number {
  return kernelRecord(name).job.length;
}

/** The fields of one job, in the order of the kernel's `struct Job`. */
export function jobFields<N extends JobKernel>(name: N): readonly (keyof Job<N>)[] {
  return kernelRecord(name).job as readonly (keyof Job<N>)[];
}

/** The words of one job, in the order of the kernel's `struct Job`. */
export function packJob<N extends JobKernel>(name: N, job: Job<N>): number[] {
  const values: Readonly<Record<string, number>> = job;
  return kernelRecord(name).job.map((field) => values[field]!);
}
