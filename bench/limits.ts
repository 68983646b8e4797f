import type { DeviceSpeeds } from './device-speeds.js';

/** What a test takes: counts, and seconds on the host and in all. */
export interface TestCost {
  readonly work: {
    readonly flops?: number;
    readonly bytes?: number;
    readonly dispatches?: number;
    readonly submissions?: number;
  };
  readonly host: number;
  readonly seconds: number;
}

/**
 * What limits a search: the one of its costs that would take longest by itself, and which share of the measured time it
 * explains (1 = the search is at this limit). Costs that are not counted are left out.
 */
export function limitsOf(
  { work, host, seconds }: TestCost,
  speeds: DeviceSpeeds,
): { readonly limit: string; readonly share: number } {
  const costs: [string, number | undefined][] = [
    ['FLOPs', work.flops === undefined ? undefined : work.flops / speeds.flops],
    ['bytes', work.bytes === undefined ? undefined : work.bytes / speeds.bytes],
    ['dispatches', work.dispatches === undefined ? undefined : work.dispatches * speeds.dispatch],
    ['round trips', work.submissions === undefined ? undefined : work.submissions * speeds.roundTrip],
    ['host', host],
  ];
  const [limit, cost] = costs
    .filter((entry): entry is [string, number] => entry[1] !== undefined)
    .reduce((a, b) => (b[1] > a[1] ? b : a));
  return { limit, share: cost / seconds };
}
