import { EdgewiseError } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import type { Wait } from '../gpu/gpu.js';
import { patientWait } from './patient-wait.js';

/** A WebGPU device of this machine with the adapter's name. Whoever opened it closes it. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** Vendor, architecture and driver in words, for provenance and benchmarks. */
  readonly adapter: string;
  /** How to wait for the device; give it to the engine. An adapter in software computes on this process's cores. */
  readonly wait: Wait;
  /** Resolves once the device is gone: to an error when it was lost, to undefined when it was closed. */
  readonly lost: Promise<EdgewiseError | undefined>;
  /** Destroys the device; afterwards nothing of it keeps the process alive. Calling it again does no harm. */
  close(): Promise<void>;
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

const INSTALL_HINT =
  "no WebGPU adapter was found; run 'npm run setup' in a checkout, or install a Vulkan driver " +
  '(in software on Debian or Ubuntu: mesa-vulkan-drivers and libvulkan1 with Mesa 23 or newer)';

// Dawn's instances are kept for good: the process crashes or hangs when one is collected before its devices, or after
// them with work still queued on the event loop. They are small, and a process opens one or two.
const instances: GPU[] = [];

/**
 * Opens a device on this machine's adapter.
 *
 * @param options.adapterName part of the name of the adapter to use; default: the one that Dawn prefers.
 * @throws EdgewiseError of kind 'device' when there is no (such) adapter, with what to install.
 */
export async function openDevice(options: { adapterName?: string } = {}): Promise<OpenDevice> {
  const { create, globals } = await import('webgpu').catch((error: unknown) => {
    const what = `has no build that loads on ${process.platform} ${process.arch}: ${firstLine(error)}`;
    throw new EdgewiseError('device', "package 'webgpu'", what, { cause: error });
  });
  // The engine uses GPUBufferUsage and the like as a browser's globals.
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const { adapterName } = options;
  const instance = create(adapterName === undefined ? [] : [`adapter=${adapterName}`]);
  instances.push(instance);
  const adapter = await requestAdapter(instance, adapterName);
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = OPTIONAL_FEATURES.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((error: unknown) => {
    throw new EdgewiseError('device', describe(adapter.info), `gives no device: ${firstLine(error)}`, { cause: error });
  });

  const lost = device.lost.then((info) => {
    if (info.reason === 'destroyed') return undefined;
    return new EdgewiseError('device', describe(adapter.info), `the device was lost: ${info.message}`);
  });
  return {
    device,
    adapter: describe(adapter.info),
    wait: adapter.info.isFallbackAdapter ? patientWait : (pending) => pending,
    lost,
    async close() {
      device.destroy();
      await lost;
    },
  };
}

async function requestAdapter(instance: GPU, adapterName: string | undefined): Promise<GPUAdapter> {
  const where = adapterName === undefined ? 'adapter' : `adapter '${adapterName}'`;
  let adapter: GPUAdapter | null;
  try {
    adapter = await instance.requestAdapter();
  } catch (error) {
    // Dawn refuses an unknown name by an error that lists the known ones, one a line.
    const known = [...String(error).matchAll(/name: '([^']*)'/g)].map((match) => `'${match[1] ?? ''}'`);
    const what = known.length > 0 ? `not found; there is ${known.join(', ')}` : INSTALL_HINT;
    throw new EdgewiseError('device', where, what, { cause: error });
  }
  if (adapter === null) throw new EdgewiseError('device', where, INSTALL_HINT);
  return adapter;
}

function describe(info: GPUAdapterInfo): string {
  const words = [info.vendor, info.architecture, info.description].filter((word) => word !== '');
  return words.length > 0 ? words.join(' ') : 'unnamed adapter';
}
