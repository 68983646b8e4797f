import { EdgewiseError } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import type { Wait } from '../gpu/gpu.js';
import { chooseAdapter, equalTo, inWords, isSoftware, listAdapters, nameOf, NOT_TOLD_APART } from './adapters.js';
import { requestAdapter } from './dawn.js';
import { refuseUnlike } from '../run/placed-model.js';
import { patientWait } from './patient-wait.js';

/** A WebGPU device of this machine with the adapter's name. Whoever opened it closes it. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** Vendor, architecture and driver in words, for provenance and benchmarks. */
  readonly adapter: string;
  /** Whether the adapter computes on this machine's processor. */
  readonly software: boolean;
  /** How to wait for the device; give it to the engine. An adapter in software computes on this process's cores. */
  readonly wait: Wait;
  /** Resolves once the device is gone: to an error when it was lost, to undefined when it was closed. */
  readonly lost: Promise<EdgewiseError | undefined>;
  /** Destroys the device; afterwards nothing of it keeps the process alive. Calling it again does no harm. */
  close(): Promise<void>;
}

/** Which adapters a run computes on. */
export interface AdapterOptions {
  /**
   * `cpu`: one in software. `gpu`: none in software. Otherwise part of an adapter's name. Default: the fastest, as Dawn
   * orders them.
   */
  readonly adapter?: string;
  /**
   * Several devices, which share the prompts of a run: numbers of equal adapters, as `listAdapters` counts, or `all`
   * that equal the one that `adapter` names. A number that comes twice opens two devices on one adapter. Default: one.
   */
  readonly devices?: 'all' | readonly number[];
}

/**
 * Limits to raise from WebGPU's defaults to what the adapter can do. All others stay at their defaults, which every
 * browser grants: what runs here runs there.
 */
const RAISED_LIMITS = [
  'maxBufferSize', // a large embedding or activation cache in one buffer
  'maxStorageBufferBindingSize', // fewer pieces per large tensor
  'maxComputeWorkgroupStorageSize', // larger tiles of the matrix product
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Features to ask for where the adapter has them. They make the engine faster; it runs without them. */
const OPTIONAL_FEATURES = [
  'subgroups', // tiles of the matrix product
] as const satisfies readonly GPUFeatureName[];

/**
 * Opens a device on this machine's adapter.
 *
 * @param options.timestamps also opens the feature by which benches time single dispatches, where the adapter has it.
 * @throws EdgewiseError of kind 'device' when there is no (such) adapter, with what there is or what to install.
 */
export async function openDevice(
  options: Pick<AdapterOptions, 'adapter'> & { readonly timestamps?: boolean } = {},
): Promise<OpenDevice> {
  const { adapter, timestamps = false } = options;
  return deviceOn(await chooseAdapter(adapter), timestamps ? ['timestamp-query'] : []);
}

/**
 * Opens the devices of a run, at least one.
 *
 * @throws EdgewiseError: usage where a number is no adapter's, device where adapters differ or cannot be opened.
 */
export async function openDevices({ adapter, devices }: AdapterOptions): Promise<OpenDevice[]> {
  if (devices === undefined) return [await openDevice(adapter === undefined ? {} : { adapter })];
  if (devices !== 'all' && adapter !== undefined) {
    throw new EdgewiseError('usage', 'devices', 'are named by numbers, so that no adapter is to be named beside them');
  }
  if (devices.length === 0) throw new EdgewiseError('usage', 'devices', 'names none');
  const alike = devices === 'all' ? await chooseAdapter(adapter) : undefined;
  const listed = await listAdapters();
  const numbers = alike ? equalTo(alike, listed) : (devices as readonly number[]);
  const chosen = numbers.map((number) => {
    const found = listed.find((one) => one.number === number);
    if (found) return found;
    const there = inWords(listed.map(({ name }) => name));
    throw new EdgewiseError('usage', 'devices', `there is no adapter ${number}; there is ${there || 'none'}`);
  });
  refuseUnlike(chosen.map((one) => nameOf(one.adapter)));
  const open: OpenDevice[] = [];
  try {
    for (const { request, number } of chosen) {
      if (!request) throw new EdgewiseError('device', `adapter ${number}`, NOT_TOLD_APART);
      open.push(await deviceOn((await requestAdapter(request))!));
    }
    return open;
  } catch (error) {
    for (const one of open) await one.close();
    throw error;
  }
}

async function deviceOn(adapter: GPUAdapter, further: readonly GPUFeatureName[] = []): Promise<OpenDevice> {
  const name = nameOf(adapter);
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const requiredFeatures = [...OPTIONAL_FEATURES, ...further].filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((error: unknown) => {
    throw new EdgewiseError('device', name, `gives no device: ${firstLine(error)}`, { cause: error });
  });
  const lost = device.lost.then((info) => {
    if (info.reason === 'destroyed') return undefined;
    return new EdgewiseError('device', name, `the device was lost: ${info.message}`);
  });
  return {
    device,
    adapter: name,
    software: isSoftware(adapter),
    wait: isSoftware(adapter) ? patientWait : (pending) => pending,
    lost,
    async close() {
      device.destroy();
      await lost;
    },
  };
}
