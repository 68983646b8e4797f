/**
 * How well found edges agree with true ones. Edges are ids from 0 to `edges` - 1.
 *
 * A point of a ROC curve is what one circuit gives. Sources: the areas are those of ACDC's plots (Conmy et al. 2023,
 * arXiv:2304.14997).
 */
import { EdgewiseError } from '../base/errors.js';
import type { EdgeEnds } from '../circuit/edge-ends.js';
import { byStrength } from '../discover/greedy.js';

/** The edges that are true, of so many. */
export interface Truth {
  readonly edges: number;
  readonly isTrue: ReadonlySet<number>;
}

export interface RocPoint {
  /** False edges found, of all false ones. */
  readonly falsePositiveRate: number;
  /** True edges found, of all true ones: the recall. */
  readonly truePositiveRate: number;
}

export interface RocMeasures {
  readonly pessimisticArea: number;
  readonly trapezoidArea: number;
  /** Mean over the true edges of the precision at their rank. An edge that is not ranked counts 0. */
  readonly averagePrecision: number;
}

/** True edges found, of all found; null where nothing was found. */
export function precisionOf(found: readonly number[], { isTrue }: Truth): number | null {
  return found.length === 0 ? null : hits(found, isTrue) / found.length;
}

/** @throws EdgewiseError of kind circuit where no edge is true, or every one. */
export function rocPoint(found: readonly number[], truth: Truth): RocPoint {
  const { edges, isTrue } = truth;
  if (!(isTrue.size > 0 && isTrue.size < edges)) {
    const what = `${isTrue.size} of ${edges} edges are true, expected at least one true and one false edge`;
    throw new EdgewiseError('circuit', 'ROC', what);
  }
  return pointOf(found.length, hits(found, isTrue), truth);
}

/**
 * Edges from the strongest to the weakest. Equally strong ones go by writer, then by port. Edges without a score (NaN)
 * are left out.
 *
 * @param scores by edge id; those above `edges` are left out too.
 * @param absolute by |score| instead of the score.
 */
export function rankEdges(scores: Float64Array, ends: EdgeEnds, edges: number, absolute: boolean): number[] {
  const strengths = absolute ? scores.map(Math.abs) : scores;
  const precedes = byStrength(strengths, ends);
  return Array.from({ length: edges }, (_, edge) => edge)
    .filter((edge) => !Number.isNaN(strengths[edge]!))
    .sort((a, b) => (precedes(a, b) ? -1 : 1));
}

/**
 * The measures of a ranking: one point for each number of its first edges. O(E log E).
 *
 * @throws EdgewiseError of kind circuit where no edge is true, or every one.
 */
export function rocOfRanking(ranking: readonly number[], truth: Truth): RocMeasures {
  const points = [rocPoint([], truth)];
  let truePositives = 0;
  let precisions = 0;
  ranking.forEach((edge, rank) => {
    if (truth.isTrue.has(edge)) precisions += ++truePositives / (rank + 1);
    points.push(pointOf(rank + 1, truePositives, truth));
  });
  return {
    pessimisticArea: pessimisticArea(points),
    trapezoidArea: trapezoidArea(points),
    averagePrecision: precisions / truth.isTrue.size,
  };
}

/** Area under the steps that lie to the right of and below the points: what is certain whatever lies between them. */
export function pessimisticArea(points: readonly RocPoint[]): number {
  return areaBetween(points, (left, right) => {
    const rise = right.truePositiveRate - left.truePositiveRate;
    return (1 - right.falsePositiveRate) * rise;
  });
}

/** Area under straight lines from point to point. */
export function trapezoidArea(points: readonly RocPoint[]): number {
  return areaBetween(points, (left, right) => {
    const width = right.falsePositiveRate - left.falsePositiveRate;
    return (width * (left.truePositiveRate + right.truePositiveRate)) / 2;
  });
}

/**
 * The sum over neighbouring points of the curve, with both corners. A point is left out where another one has strictly
 * fewer false edges and strictly more true ones.
 */
function areaBetween(points: readonly RocPoint[], part: (left: RocPoint, right: RocPoint) => number): number {
  const all = [
    { falsePositiveRate: 0, truePositiveRate: 0 },
    ...points,
    { falsePositiveRate: 1, truePositiveRate: 1 },
  ].sort((a, b) => a.falsePositiveRate - b.falsePositiveRate || a.truePositiveRate - b.truePositiveRate);
  const curve: RocPoint[] = [];
  // Most true edges among points of strictly fewer false ones: of the curve so far without those at the same place.
  let before = 0;
  for (const point of all) {
    const last = curve.at(-1);
    if (last && last.falsePositiveRate < point.falsePositiveRate) before = last.truePositiveRate;
    if (point.truePositiveRate >= before) curve.push(point);
  }
  return curve.slice(1).reduce((sum, right, i) => sum + part(curve[i]!, right), 0);
}

function pointOf(found: number, truePositives: number, { edges, isTrue }: Truth): RocPoint {
  return {
    falsePositiveRate: (found - truePositives) / (edges - isTrue.size),
    truePositiveRate: truePositives / isTrue.size,
  };
}

function hits(found: readonly number[], isTrue: ReadonlySet<number>): number {
  return found.reduce((count, edge) => count + (isTrue.has(edge) ? 1 : 0), 0);
}
