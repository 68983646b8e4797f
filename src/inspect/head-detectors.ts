import { DETECTORS, type DetectorScore, type HeadDetectors } from '../circuit/details.js';
import { HEAD_TEMPLATES } from '../circuit/head-templates.js';

/**
 * How much a head attends like a previous-token, a duplicate-token and an induction head on one prompt. With attention
 * A and the template D of zeros and ones, both [T, T] and zero above the diagonal:
 *
 *   mul = sum(A D) / sum(A)
 *   abs = 1 - sum(|A - D|) / T
 *
 * Under `excludeBosAndCurrent` neither the first column nor the diagonal counts; T stays the same. `mul` is NaN where
 * no attention is left. After the head detector of TransformerLens. O(T^2).
 *
 * @param pattern [T, T] row-major, row = query.
 * @param ids [T]
 */
export function detectorScores(pattern: ArrayLike<number>, ids: readonly number[]): HeadDetectors {
  const scores = DETECTORS.map((name) => {
    const attends = HEAD_TEMPLATES[name];
    const all = { on: 0, mass: 0, apart: 0 };
    const excluded = { on: 0, mass: 0, apart: 0 };
    for (let i = 0; i < ids.length; i++) {
      for (let j = 0; j <= i; j++) {
        const share = pattern[i * ids.length + j]!;
        const wanted = attends(ids, i, j) ? 1 : 0;
        for (const sums of j === 0 || j === i ? [all] : [all, excluded]) {
          sums.on += share * wanted;
          sums.mass += share;
          sums.apart += Math.abs(share - wanted);
        }
      }
    }
    const score = ({ on, mass, apart }: typeof all): DetectorScore => ({
      mul: on / mass,
      abs: 1 - apart / ids.length,
    });
    return [name, { ...score(all), excludeBosAndCurrent: score(excluded) }] as const;
  });
  return Object.fromEntries(scores) as unknown as HeadDetectors;
}

/** The mean of a head's scores over prompts. Prompts without a score count for nothing; NaN where none has one. */
export function headDetectors(
  patterns: readonly ArrayLike<number>[],
  prompts: readonly (readonly number[])[],
): HeadDetectors {
  const each = patterns.map((pattern, n) => detectorScores(pattern, prompts[n]!));
  const mean = (of: (scores: HeadDetectors) => DetectorScore): DetectorScore => ({
    mul: meanOfNumbers(each.map((scores) => of(scores).mul)),
    abs: meanOfNumbers(each.map((scores) => of(scores).abs)),
  });
  const means = DETECTORS.map(
    (name) =>
      [
        name,
        {
          ...mean((scores) => scores[name]),
          excludeBosAndCurrent: mean((scores) => scores[name].excludeBosAndCurrent),
        },
      ] as const,
  );
  return Object.fromEntries(means) as unknown as HeadDetectors;
}

function meanOfNumbers(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
