import { best } from './best.js';
import { kl } from './kl.js';
import { logProbs } from './log-probs.js';
import { logitDifference } from './logit-difference.js';
import type { Part, ReadoutShape } from './part.js';

/** Everything that a metric may read. */
export const PARTS = {
  kl,
  'logit-difference': logitDifference,
  'log-probs': logProbs,
  best,
} as const satisfies Readonly<Record<string, Part>>;

export type ReadoutPart = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS) as readonly ReadoutPart[];

/** Shapes of the numbers that the parts copy to the host [circuits, prompts, numbers]. */
export function readoutTensors({ circuits, prompts }: ReadoutShape): Record<ReadoutPart, readonly number[]> {
  const shapes = PART_NAMES.map((name) => [name, [circuits, prompts, PARTS[name].perRow]]);
  return Object.fromEntries(shapes) as Record<ReadoutPart, readonly number[]>;
}
