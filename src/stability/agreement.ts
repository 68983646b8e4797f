import { mean } from '../base/mean.js';
import { ranks, rankedCorrelation } from '../circuit/comparison.js';
import type { EdgeSet } from '../circuit/edge-set.js';

/** How much circuits agree, over all pairs of them. */
export interface Spread {
  readonly mean: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Null where there are fewer than two circuits, or no pair has a number. */
export interface Agreement {
  /** Edges in both / edges in either; 1 where both are empty. */
  readonly jaccard: Spread | null;
  /** 2 x edges in both / (edges of one + edges of the other); 1 where both are empty. */
  readonly dice: Spread | null;
  /** Spearman's rank correlation of the signed scores of all addition edges. Null also where there are no scores. */
  readonly spearman: Spread | null;
}

/** How much two sets of edges overlap. */
export interface Overlap {
  readonly shared: number;
  readonly jaccard: number;
  readonly dice: number;
}

/** @param edges ids from 0 that count. */
export function overlapOf(a: EdgeSet, b: EdgeSet, edges: number): Overlap {
  let [both, either] = [0, 0];
  for (let id = 0; id < edges; id++) {
    const [inA, inB] = [a.has(id), b.has(id)];
    if (inA && inB) both++;
    if (inA || inB) either++;
  }
  const jaccard = either === 0 ? 1 : both / either;
  return { shared: both, jaccard, dice: either === 0 ? 1 : (2 * both) / (both + either) };
}

/**
 * Compares every pair of circuits. Cost: pairs x edges, and a sort of the edges for each list of scores.
 *
 * @param edges ids from 0 that count: direct edges do only where they were decided on.
 * @param scores of the addition edges, for each circuit; undefined where the method has none.
 */
export function agreementOf(
  circuits: readonly EdgeSet[],
  edges: number,
  scores: readonly Float64Array[] | undefined,
): Agreement {
  const ranked = scores?.map((values) => ranks(values));
  const overlaps: Overlap[] = [];
  const correlations: number[] = [];
  for (let b = 1; b < circuits.length; b++) {
    for (let a = 0; a < b; a++) {
      overlaps.push(overlapOf(circuits[a]!, circuits[b]!, edges));
      const correlation = ranked ? rankedCorrelation(ranked[a]!, ranked[b]!) : null;
      if (correlation !== null) correlations.push(correlation);
    }
  }
  return {
    jaccard: spreadOf(overlaps.map(({ jaccard }) => jaccard)),
    dice: spreadOf(overlaps.map(({ dice }) => dice)),
    spearman: spreadOf(correlations),
  };
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const [lowest, highest] = values.reduce(
    ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
    [Infinity, -Infinity],
  );
  return { mean: mean(values), lowest, highest };
}
