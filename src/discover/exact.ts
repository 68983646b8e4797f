import { mean } from '../base/mean.js';
import type { WorkProgress } from '../base/work-progress.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { nodesInUse } from '../circuit/reachability.js';
import { assertAllMade, earlierTest, NO_JOURNAL, type Journal } from './journal.js';
import type { CircuitEvaluator, EvaluationCosts, PerPrompt } from '../circuit/evaluator.js';
import { workOfTest } from './test-work.js';

export interface ExactProgress {
  readonly done: number;
  /** Edges that this run measured itself. A journal held the others. */
  readonly measured: number;
  readonly total: number;
  /** Where the evaluator knows its costs. */
  readonly work?: WorkProgress;
}

export interface ExactEffects {
  /** By edge id: metric of the whole model without the edge minus that of the whole model, on every prompt. */
  readonly effects: ReadonlyMap<number, PerPrompt>;
  /** Metric of the whole model. */
  readonly initial: number;
}

/**
 * The effect of cutting each of the edges alone: activation patching of edges (`exact` of EAP-IG, arXiv:2403.17806).
 *
 * Cost: one evaluation per edge. It computes the edge's receiver and everything downstream, so edges of one receiver
 * should follow one another.
 *
 * @returns effects in loss form, in units of the metric.
 * @throws EdgewiseError of kind usage where the journal is of another run.
 */
export async function exactEffects(
  evaluator: CircuitEvaluator,
  topology: EdgeSet['topology'],
  edges: readonly number[],
  onProgress: (progress: ExactProgress) => void = () => {},
  journal: Journal = NO_JOURNAL,
): Promise<ExactEffects> {
  const full = EdgeSet.full(topology);
  const [whole] = (await evaluator.perPrompt([full])) as [PerPrompt];
  const effects = new Map<number, PerPrompt>();
  let own = 0;
  const work = evaluator.costs && workOfCuts(full, edges, evaluator.costs);
  let done = 0;
  let left = work?.reduce((sum, one) => sum + one, 0) ?? 0;
  for (let next = 0; next < edges.length;) {
    const earlier = earlierTest(journal, next, edges[next]!, topology);
    const batch = earlier ? [edges[next]!] : edges.slice(next, next + evaluator.most);
    const measured = earlier ? [earlier.without] : await evaluator.perPrompt(batch.map((edge) => full.without(edge)));
    batch.forEach((edge, i) => {
      const without = measured[i]!;
      if (!earlier) journal.record({ edge, without });
      effects.set(
        edge,
        without.map((value, n) => value - whole[n]!),
      );
    });
    const cost = work?.slice(next, next + batch.length).reduce((sum, one) => sum + one, 0) ?? 0;
    next += batch.length;
    if (!earlier) own += batch.length;
    if (!earlier) done += cost;
    left -= cost;
    const rest = left;
    onProgress({ done: next, measured: own, total: edges.length, ...(work && { work: { done, left: () => rest } }) });
  }
  assertAllMade(journal, edges.length);
  return { effects, initial: mean(whole) };
}

/** What each of the cuts costs in the whole model. */
function workOfCuts(full: EdgeSet, edges: readonly number[], costs: EvaluationCosts): number[] {
  const { ports } = edgeEnds(full.topology);
  const use = nodesInUse(full);
  const known = new Map<number, number>();
  return edges.map((edge) => {
    const port = ports[edge]!;
    if (!known.has(port)) known.set(port, workOfTest(full, use, port, costs));
    return known.get(port)!;
  });
}
