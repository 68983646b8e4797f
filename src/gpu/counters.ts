import type { Work } from './work.js';

/** What was issued since the device was opened; benches take differences. */
export interface Counters {
  dispatches: number;
  submissions: number;
  uploadedBytes: number;
  readBytes: number;
  /** f32 operations of passes and readouts: those that tell their work. */
  flops: number;
  /** Bytes of buffers that they read and write at least. */
  bytes: number;
}

export function noCounts(): Counters {
  return { dispatches: 0, submissions: 0, uploadedBytes: 0, readBytes: 0, flops: 0, bytes: 0 };
}

/** Adds what recorded dispatches cost. */
export function addWork(counters: Counters, { flops, bytes }: Work): void {
  counters.flops += flops;
  counters.bytes += bytes;
}
