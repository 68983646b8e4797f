import { EdgewiseError } from '../base/errors.js';
import { firstLine } from '../base/text.js';

// Dawn's instances are kept for good: the process crashes or hangs when one is collected before its devices, or after
// them with work still queued on the event loop. They are small, and a process opens a few.
const instances: GPU[] = [];

/** How an adapter is asked for. */
export interface AdapterRequest {
  /** Part of the name that the driver gives it; letters as there. The first that has it is taken. */
  readonly name?: string;
  /** One in software. */
  readonly software?: boolean;
  /** See `selectorsOfEqualCards`. */
  readonly selector?: string | undefined;
}

/** What adapters are asked for with. Tests fake it. */
export interface AdapterSource {
  requestAdapter(request: AdapterRequest): Promise<GPUAdapter | null>;
  adapterNames(): Promise<readonly string[]>;
}

/** A name that no driver gives. */
const NOBODY = '\n';

/** Dawn otherwise rounds the timestamps of a device that has them to a tenth of a millisecond. */
const EXACT_TIMESTAMPS = 'disable-dawn-features=timestamp_quantization';

/**
 * Asks Dawn for an adapter; of those that fit, the fastest kind. Every call has an instance of its own, because an
 * instance is bound to a name.
 *
 * @returns null where there is none.
 * @throws what Dawn throws for an unknown name: see `adapterNames`.
 */
export async function requestAdapter({ name, software, selector }: AdapterRequest): Promise<GPUAdapter | null> {
  const { create } = await loadDawn();
  return withSelector(selector, () => {
    const instance = create([EXACT_TIMESTAMPS, ...(name === undefined ? [] : [`adapter=${name}`])]);
    instances.push(instance);
    return instance.requestAdapter({
      powerPreference: 'high-performance',
      ...(software && { forceFallbackAdapter: true }),
    });
  });
}

/** Vulkan is started, and reads the variable, before a request returns: its promise is not waited for. */
function withSelector<T>(selector: string | undefined, request: () => Promise<T>): Promise<T> {
  if (selector === undefined) return request();
  const before = process.env['DRI_PRIME'];
  process.env['DRI_PRIME'] = selector;
  try {
    return request();
  } finally {
    if (before === undefined) delete process.env['DRI_PRIME'];
    else process.env['DRI_PRIME'] = before;
  }
}

/** Names of all adapters, as drivers give them. The first is the default. Equal cards have one name. */
export async function adapterNames(): Promise<string[]> {
  try {
    await requestAdapter({ name: NOBODY });
    return [];
  } catch (error) {
    // Dawn refuses an unknown name by an error that lists the known ones, one a line.
    return [...String(error).matchAll(/^ \* backend: '[^']*', name: '(.*)'$/gm)].map((match) => match[1]!);
  }
}

async function loadDawn(): Promise<typeof import('webgpu')> {
  const binding = await import('webgpu').catch((error: unknown) => {
    const what = `has no build that loads on ${process.platform} ${process.arch}: ${firstLine(error)}`;
    throw new EdgewiseError('device', "package 'webgpu'", what, { cause: error });
  });
  // The engine uses GPUBufferUsage and the like as a browser's globals.
  for (const [name, value] of Object.entries(binding.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return binding;
}
