import type { ModelSpec } from '../../src/model/spec.js';
import type { Channel, Channels } from './channels.js';
import { amplitude, type Plan, type Stage } from './plan.js';
import type { Mix } from './roles.js';

/** Norm of the mark that a name's embedding carries, beside its code of norm 1. */
export const NAME_MARK = 0.6;

/** Where the names are in the vocabulary, their codes, and the token that begins prompts, which has none. */
export interface Names {
  readonly start: number;
  readonly ids: readonly number[];
  readonly codes: readonly Float64Array[];
}

/** All that the planted parts of the weights are made from. */
export interface Blueprint {
  readonly spec: ModelSpec;
  readonly channels: Channels;
  readonly plan: Plan;
  readonly names: Names;
}

/**
 * What a coordinate of a normed stream is multiplied by to give the coordinate of the stream, about: the stream's norm
 * where names stand, grown with what was written there, over the norm's sqrt(width).
 */
export function streamUnit({ spec, plan }: Blueprint, stage: Stage): number {
  const refined = amplitude(plan, 'refined', stage);
  return Math.sqrt((3.5 + 1.4 * refined * refined + 0.25 * stage.layer) / spec.width);
}

/** The directions that coordinate `i` of a mix of channels is read from or written to, with their weights. */
export function directions(
  { channels }: Blueprint,
  mix: Mix,
  i: number,
): { readonly direction: Float64Array; readonly weight: number }[] {
  return Object.entries(mix).map(([channel, weight]) => ({ direction: channels.of[channel as Channel][i]!, weight }));
}
