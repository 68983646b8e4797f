/** A device for tests, kernels run one at a time on it, and comparisons in units of rounding. */
import type { WeightStorage } from '../../src/base/stored-values.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { Arena } from '../../src/gpu/arena.js';
import { Gpu } from '../../src/gpu/gpu.js';
import { kernels } from '../../src/gpu/kernels.gen.js';
import type { BufferSlice, KernelName, KernelUse } from '../../src/gpu/kernel.js';
import { openDevice, type OpenDevice } from '../../src/node/device.js';

/** The device of a test file. `gpu` may be read in hooks and tests only. */
export interface TestDevice {
  readonly gpu: Gpu;
}

/**
 * Opens one device for the tests of a file and closes it after them. No test may leave a buffer behind that it made,
 * and none may be left at the end. Without an adapter all tests fail, with openDevice's words on what to install.
 */
export function useDevice(): TestDevice {
  let opened: OpenDevice | undefined;
  let gpu: Gpu | undefined;
  let failure: unknown = new Error('the device is open only while tests run');
  let before = 0;
  const current = (): Gpu => {
    if (!gpu) throw failure;
    return gpu;
  };
  // A hook that throws would leave the tests unrun; so each of them throws instead.
  beforeAll(async () => {
    try {
      opened = await openDevice();
      gpu = new Gpu(opened.device, opened.adapter, { wait: opened.wait });
    } catch (error) {
      failure = error;
    }
  });
  beforeEach(() => {
    before = current().liveBytes;
  });
  afterEach(() => {
    if (gpu) expect(gpu.liveBytes, 'bytes alive before and after the test').toBe(before);
  });
  afterAll(async () => {
    await opened?.close();
    if (gpu) expect(gpu.liveBytes, 'bytes alive after all tests').toBe(0);
  });
  return {
    get gpu() {
      return current();
    },
  };
}

type Buffers<N extends KernelName> = KernelUse<N>['buffers'];

/** One run of one kernel: contents of its buffers before, and which buffer to read afterwards. */
export interface KernelRun<N extends KernelName> extends Pick<KernelUse<N>, 'params' | 'overrides'> {
  readonly buffers: { readonly [K in keyof Buffers<N>]: Float32Array | Uint32Array };
  /** Workgroups in x, y and z, or rows that take a workgroup each. */
  readonly grid: readonly [number, number?, number?] | { readonly rows: number };
  readonly read: keyof Buffers<N>;
  /** Of the weights, if the kernel reads any; default f32. */
  readonly storage?: WeightStorage;
}

/** Sizes of a workgroup that must give the same bits: fewer invocations than a sum has leaves, as many, and more. */
const WORKGROUP_SIZES = [1, 16, 64];

/**
 * What a kernel run leaves in the buffer that it names. Where the size of the workgroup is an override of the kernel,
 * runs it with several sizes, and fails unless all of them give the same bits.
 */
export async function runKernel<N extends KernelName>(gpu: Gpu, name: N, run: KernelRun<N>): Promise<ArrayBuffer> {
  const result = await runOnce(gpu, name, run);
  const { overrides }: { readonly overrides: readonly string[] } = kernels[name];
  if (overrides.includes('WORKGROUP')) {
    for (const size of WORKGROUP_SIZES) {
      const other = await runOnce(gpu, name, { ...run, overrides: { ...run.overrides, WORKGROUP: size } });
      expectSame(`${name} in workgroups of ${size}`, new Uint32Array(other), new Uint32Array(result));
    }
  }
  return result;
}

/** The same device with workgroups of another size; one for each size, since every one listens to the device. */
const resized = new WeakMap<GPUDevice, Map<number, Gpu>>();

function withRowWorkgroup({ device, adapter }: Gpu, rowWorkgroup: number): Gpu {
  const sizes = resized.get(device) ?? new Map<number, Gpu>();
  resized.set(device, sizes);
  const gpu = sizes.get(rowWorkgroup) ?? new Gpu(device, adapter, { rowWorkgroup });
  sizes.set(rowWorkgroup, gpu);
  return gpu;
}

/**
 * What the pieces leave that `run` binds and records on a device. Runs them with several sizes of the workgroups that
 * take a row each, and fails unless all of them give the same bits.
 */
export async function runPieces(
  device: Gpu,
  run: (arena: Arena) => Promise<readonly BufferSlice[]>,
): Promise<ArrayBuffer[]> {
  const once = async (rowWorkgroup: number): Promise<ArrayBuffer[]> => {
    const gpu = withRowWorkgroup(device, rowWorkgroup);
    const arena = new Arena(gpu);
    try {
      const results = await run(arena);
      return await Promise.all(results.map((slice) => gpu.read(slice)));
    } finally {
      arena.dispose();
      expect(gpu.liveBytes).toBe(0);
    }
  };
  const [size, ...others] = WORKGROUP_SIZES;
  const results = await once(size!);
  for (const other of others) {
    for (const [i, result] of (await once(other)).entries()) {
      expectSame(`result ${i} in workgroups of ${other}`, new Uint32Array(result), new Uint32Array(results[i]!));
    }
  }
  return results;
}

async function runOnce<N extends KernelName>(gpu: Gpu, name: N, run: KernelRun<N>): Promise<ArrayBuffer> {
  const arena = new Arena(gpu);
  try {
    const buffers = Object.fromEntries(
      Object.entries<Float32Array | Uint32Array>(run.buffers).map(([key, data]) => [
        key,
        { ...arena.upload(key, data), storage: run.storage ?? 'f32' },
      ]),
    ) as unknown as Buffers<N> & Record<string, BufferSlice>;
    const operation = await arena.operation(name, { buffers, params: run.params, overrides: run.overrides });
    const recording = gpu.record();
    if ('rows' in run.grid) recording.dispatchRows(operation, run.grid.rows);
    else recording.dispatch(operation, ...run.grid);
    recording.submit();
    // Small buffers are rounded up to 16 bytes.
    return (await gpu.read(buffers[run.read]!)).slice(0, run.buffers[run.read].byteLength);
  } finally {
    arena.dispose();
  }
}

/** What no kernel computes: shows which elements of an output were left alone. */
export const UNTOUCHED = 12345.678;

export function untouched(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length).fill(UNTOUCHED);
}

/** Relative rounding error of one f32 operation. */
const ROUNDING = 2 ** -24;

/**
 * Fails unless every value is within `units` roundings of the expected one. A rounding is 2^-24 of the value's
 * magnitude: of the sum of the absolute values of the terms that it was added up from.
 */
export function expectRounded(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  magnitude: ArrayLike<number>,
  units: number,
): void {
  expect(got.length, what).toBe(expected.length);
  expect(magnitude.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!);
    if (!(error <= units * ROUNDING * magnitude[i]!)) {
      const ratio = (error / (ROUNDING * magnitude[i]!)).toPrecision(3);
      expect.fail(`${what}[${i}]: got ${got[i]}, expected ${expected[i]}: ${ratio} roundings, ${units} allowed`);
    }
  }
}

/** Fails unless both hold the same values, bit for bit. */
export function expectSame(what: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    if (!Object.is(got[i], expected[i])) expect.fail(`${what}[${i}]: got ${got[i]}, expected exactly ${expected[i]}`);
  }
}

/** Fails unless every value is within `tolerance` of the expected one, or for large ones within that part of it. */
export function expectClose(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale: 'absolute' | 'relative' = 'absolute',
): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const allowed = scale === 'absolute' ? tolerance : tolerance * Math.max(1, Math.abs(expected[i]!));
    if (!(Math.abs(got[i]! - expected[i]!) <= allowed)) {
      expect.fail(`${what}[${i}]: got ${got[i]}, expected ${expected[i]} within ${allowed}`);
    }
  }
}
