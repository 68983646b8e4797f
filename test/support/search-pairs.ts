/** Prompt pairs that differ in everything that a pass over several prompts tells apart. */
import type { PromptPair } from '../../src/task/types.js';
import type { RandomNumbers } from './random.js';

/** Where a pair starts to differ (undefined: nowhere), its length, and the position that is measured. */
export interface PairShape {
  readonly length: number;
  readonly difference: number | undefined;
  readonly position: number;
}

/** Unequal lengths; a pair without a difference, and one that differs after the measured position only. */
export const UNEQUAL_PAIRS: readonly PairShape[] = [
  { length: 5, difference: 0, position: 4 },
  { length: 9, difference: 4, position: 7 },
  { length: 3, difference: undefined, position: 2 },
  { length: 8, difference: 5, position: 3 },
  { length: 2, difference: 1, position: 1 },
];

/** The same with equal lengths, as means per position need them. */
export const EQUAL_PAIRS: readonly PairShape[] = UNEQUAL_PAIRS.map((shape) => ({ ...shape, length: 9 }));

/** Random pairs of these shapes; after their first difference they differ here and there. */
export function pairsOf(rng: RandomNumbers, vocab: number, shapes: readonly PairShape[]): PromptPair[] {
  return shapes.map(({ length, difference, position }) => {
    const clean = rng.ids(length, vocab);
    const corrupted = clean.map((id, t) => {
      if (difference === undefined || t < difference || (t > difference && rng.below(2) > 0)) return id;
      return (id + 1 + rng.below(vocab - 1)) % vocab;
    });
    const [right, wrong, alsoWrong] = rng.sample(
      Array.from({ length: vocab }, (_, id) => id),
      3,
    ) as [number, number, number];
    return { clean, corrupted, position, correct: [right], wrong: [wrong, alsoWrong] };
  });
}
