import type { Counters } from '../src/gpu/counters.js';
import type { DeviceSpeeds } from './device-speeds.js';

/** What a test takes: what is issued for it, and seconds on the host and in all. */
export interface TestCost {
  readonly work: Readonly<Pick<Counters, 'flops' | 'bytes' | 'dispatches' | 'submissions'>>;
  readonly host: number;
  readonly seconds: number;
}

/**
 * What limits a search: the one of its costs that would take longest by itself, and which share of the measured time it
 * explains (1 = the search is at this limit).
 */
export function limitsOf(
  { work, host, seconds }: TestCost,
  speeds: DeviceSpeeds,
): { readonly limit: string; readonly share: number } {
  const costs: [string, number][] = [
    ['FLOPs', work.flops / speeds.flops],
    ['bytes', work.bytes / speeds.bytes],
    ['dispatches', work.dispatches * speeds.dispatch],
    ['round trips', work.submissions * speeds.roundTrip],
    ['host', host],
  ];
  const [limit, cost] = costs.reduce((a, b) => (b[1] > a[1] ? b : a));
  return { limit, share: cost / seconds };
}
