import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { pruneDisconnected } from '../circuit/prune.js';
import type { ScreeningRecord } from '../circuit/run-identity.js';
import type { Scores } from '../circuit/scores.js';
import { acdcOrder } from './acdc-order.js';
import { exactEffects, type ExactProgress } from './exact.js';
import type { Journal } from './journal.js';
import type { CircuitEvaluator } from '../circuit/evaluator.js';

export interface ScreenOptions {
  /** Edges whose |score| is at least this stay, in units of the metric. */
  readonly cutoff: number;
  /** Most edges near the cutoff that are cut one by one, to see whether the score is right. */
  readonly retest: number;
  /** The search decides on direct edges too. They have no scores, so all of them stay here. */
  readonly directEdges: boolean;
}

export interface ScreenResult {
  /** Where the search starts. */
  readonly start: EdgeSet;
  readonly record: ScreeningRecord;
}

/** Scores within this factor of the cutoff, up or down, may be on its wrong side. */
const BORDER = 4;

/**
 * Chooses from the scores of all edges where a search is to start: edges with |score| >= cutoff. Near the cutoff the
 * exact effect of the edge decides in place of its score: the edge is cut alone in the whole model. The sign does not
 * matter: the search removes edges that hurt, and measures it. Edges that are not connected with both input and logits
 * go too.
 *
 * Cost: one evaluation per edge that is tested again.
 */
export async function screen(
  evaluator: CircuitEvaluator,
  { topology, values }: Pick<Scores, 'topology' | 'values'>,
  { cutoff, retest, directEdges }: ScreenOptions,
  onProgress?: (progress: ExactProgress) => void,
  journal?: Journal,
): Promise<ScreenResult> {
  const strength = (edge: number): number => Math.abs(values[edge]!);
  const distance = (edge: number): number => Math.abs(Math.log(strength(edge) / cutoff));
  const border = Array.from({ length: topology.additionEdges }, (_, edge) => edge)
    .filter((edge) => distance(edge) <= Math.log(BORDER))
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, retest);
  const wanted = new Set(border);
  const inOrder = acdcOrder(topology, 'descending', false)
    .flatMap(({ edges }) => edges)
    .filter((edge) => wanted.has(edge));
  const { effects } = await exactEffects(evaluator, EdgeSet.full(topology), inOrder, onProgress, journal);
  const measured = new Map([...effects].map(([edge, effect]) => [edge, Math.abs(mean(effect)) >= cutoff]));
  const scored = (edge: number): boolean => strength(edge) >= cutoff;
  const chosen = EdgeSet.where(
    topology,
    (edge) => edge >= topology.additionEdges || (measured.get(edge) ?? scored(edge)),
  );
  const start = pruneDisconnected(chosen, false);
  return {
    start,
    record: {
      cutoff,
      limit: retest,
      retested: border.length,
      disagreed: border.filter((edge) => measured.get(edge) !== scored(edge)).length,
      started: directEdges ? start.size : start.additionSize,
    },
  };
}
