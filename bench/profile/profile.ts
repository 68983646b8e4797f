import type { Counters } from '../../src/gpu/counters.js';
import type { Wait } from '../../src/gpu/gpu.js';
import type { KernelName } from '../../src/gpu/kernel.js';
import { measureSpeeds, type DeviceSpeeds } from '../device-speeds.js';
import type { Row } from '../row.js';
import type { WatchedGpu } from '../watched-gpu.js';
import { kindOf } from './costs.js';
import { HOST_CAUSES } from './host-times.js';
import { ProfiledGpu, type Profile } from './profiled-gpu.js';
import { PROFILED, type ProfiledWork } from './works.js';

export interface ProfileOptions {
  readonly quick: boolean;
  /** Only works whose name holds this. */
  readonly only: string;
  readonly fill: number;
  /** How to wait for the device. */
  readonly wait: Wait;
}

/** Kernels of a work that are shown; the file has all. */
const SHOWN = 12;

/**
 * Where the time of a search, of EAP-IG and of a whole pass goes, kernel by kernel and on the host. Each runs once to
 * compile its kernels, once as it is, and once with every dispatch timed.
 */
export async function benchProfile(
  gpu: WatchedGpu,
  { quick, only, fill, wait }: ProfileOptions,
  onRows: (...rows: readonly Row[]) => void,
): Promise<Row[]> {
  const chosen = PROFILED.filter((work) => work.name.includes(only) && (work.quick || !quick));
  if (chosen.length === 0) throw new Error(`no profile is named ${only}`);
  const speeds = await measureSpeeds(gpu);
  const profiled = new ProfiledGpu(gpu.device, gpu.adapter, {
    wait,
    tile: gpu.tile,
    transposedTile: gpu.transposedTile,
    rowWorkgroup: gpu.rowWorkgroup,
  });
  const shown: Row[] = [];
  for (const work of chosen) {
    const { whole, kernels } = await profileOf(profiled, work, fill, speeds);
    onRows(whole, ...kernels);
    for (const [figure, value] of Object.entries(whole)) {
      console.error(typeof value === 'number' ? `  ${figure}: ${Number(value.toPrecision(4))}` : `\n${value}`);
    }
    shown.push(...kernels.slice(0, SHOWN));
  }
  return shown;
}

async function profileOf(
  gpu: ProfiledGpu,
  work: ProfiledWork,
  fill: number,
  speeds: DeviceSpeeds,
): Promise<{ readonly whole: Row; readonly kernels: Row[] }> {
  const bound = await work.bind(gpu, await work.open(), fill);
  try {
    await bound.run();
    const before = { ...gpu.counters };
    const start = performance.now();
    await bound.run();
    const seconds = (performance.now() - start) / 1000;
    const issued = { ...gpu.counters };
    const profile = await gpu.profile(() => bound.run());
    return {
      whole: wholeRow(work.name, seconds, before, issued, profile),
      kernels: kernelRows(work.name, profile, speeds),
    };
  } finally {
    bound.dispose();
  }
}

function wholeRow(name: string, seconds: number, before: Counters, after: Counters, profile: Profile): Row {
  const { kernels, host, gaps, by } = profile;
  const busy = [...kernels.values()].reduce((sum, kernel) => sum + kernel.seconds, 0);
  const issued = (counter: keyof Counters): number => after[counter] - before[counter];
  return {
    name,
    work: name,
    'whole, ms': 1000 * seconds,
    'kernels by': by,
    'kernels, ms': 1000 * busy,
    'kernels / whole': busy / seconds,
    'gaps between dispatches, ms': 1000 * gaps,
    ...Object.fromEntries(HOST_CAUSES.map((cause) => [`host, ${cause}, ms`, 1000 * host.seconds[cause]])),
    'waiting for the device, ms': 1000 * host.waiting,
    waits: host.waits,
    submissions: issued('submissions'),
    dispatches: issued('dispatches'),
    'bytes up': issued('uploadedBytes'),
    'bytes down': issued('readBytes'),
    'FLOPs told': issued('flops'),
  };
}

/** One row a kernel, from the one that took longest. */
function kernelRows(work: string, profile: Profile, speeds: DeviceSpeeds): Row[] {
  const { kernels } = profile;
  const busy = [...kernels.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  return [...kernels]
    .sort(([, a], [, b]) => b.seconds - a.seconds)
    .map(([kernel, { dispatches, seconds }]) => {
      const cost = costOfKernel(kernel, profile);
      return {
        name: `${work}: ${kernel}`,
        work,
        share: seconds / busy,
        dispatches,
        'us per dispatch': (1e6 * seconds) / dispatches,
        ...(cost && { 'GFLOP/s': cost.flops / seconds / 1e9, 'GB/s': cost.bytes / seconds / 1e9 }),
        ...limitOf(dispatches, seconds, cost, speeds),
      };
    });
}

/** What operations told of their kind, shared out by time where several kernels make it; else by the sizes bound. */
function costOfKernel(kernel: KernelName, { kernels, told }: Profile) {
  const kind = kindOf(kernel);
  const { seconds, flops, bytes } = kernels.get(kernel)!;
  const work = kind && told.get(kind);
  if (work) {
    let ofKind = 0;
    for (const [other, tally] of kernels) if (kindOf(other) === kind) ofKind += tally.seconds;
    const share = seconds / ofKind;
    return { flops: share * work.flops, bytes: share * work.bytes };
  }
  return bytes > 0 ? { flops, bytes } : undefined;
}

/** The limit that would take longest by itself, and its share of the time. */
function limitOf(
  dispatches: number,
  seconds: number,
  cost: { readonly flops: number; readonly bytes: number } | undefined,
  speeds: DeviceSpeeds,
): { readonly 'limited by': string; readonly 'share of that limit': number } {
  const limits: [string, number][] = [
    ['dispatches', dispatches * speeds.dispatch],
    ['FLOPs', (cost?.flops ?? 0) / speeds.flops],
    ['bytes', (cost?.bytes ?? 0) / speeds.bytes],
  ];
  const [limit, least] = limits.reduce((a, b) => (b[1] > a[1] ? b : a));
  return { 'limited by': limit, 'share of that limit': least / seconds };
}
