import { finiteOrNull } from '../../base/finite-or-null.js';
import { DETECTORS, type DetectorName, type DetectorScore, type HeadDetectors } from '../../circuit/details.js';
import type { LensReport } from '../../files/own/lens-json.js';
import { detectorScores, headDetectors } from '../../inspect/head-detectors.js';
import type { ObservedRuns } from './observed-runs.js';

type Scores = NonNullable<LensReport['head_detectors']>['scores'];

/** Whether the first position and the query itself count, and how names say it. */
const VARIANTS: readonly (readonly [string, (scores: HeadDetectors, name: DetectorName) => DetectorScore])[] = [
  ['', (scores, name) => scores[name]],
  ['.exclude_bos_and_current', (scores, name) => scores[name].excludeBosAndCurrent],
];

/**
 * How much every head attends like a previous-token, a duplicate-token and an induction head: means over the prompts,
 * and on the first one. See detectorScores.
 *
 * @param prompts token ids of each prompt.
 */
export function everyHeadsDetectors(
  { patterns }: Pick<ObservedRuns, 'patterns'>,
  prompts: readonly (readonly number[])[],
): Scores {
  const table = (of: (ofHead: readonly Float32Array[]) => HeadDetectors) =>
    patterns.map((layer) => layer.map((ofHead) => of(ofHead)));
  const means = table((ofHead) => headDetectors(ofHead, prompts));
  const first = table((ofHead) => detectorScores(ofHead[0]!, prompts[0]!));
  const scores = DETECTORS.flatMap((name) =>
    VARIANTS.map(([suffix, scoreOf]) => {
      const numbers = (from: readonly (readonly HeadDetectors[])[], which: keyof DetectorScore): (number | null)[][] =>
        from.map((layer) => layer.map((head) => finiteOrNull(scoreOf(head, name)[which])));
      const found = {
        mul_mean: numbers(means, 'mul'),
        abs_mean: numbers(means, 'abs'),
        mul_row0: numbers(first, 'mul'),
        abs_row0: numbers(first, 'abs'),
      };
      return [`${name}${suffix}`, found] as const;
    }),
  );
  return Object.fromEntries(scores);
}
