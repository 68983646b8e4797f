import { mean } from '../base/mean.js';
import type { WorkProgress } from '../base/work-progress.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import type { EdgeSet } from '../circuit/edge-set.js';
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
  /** By edge id: metric of the circuit without the edge minus that of the circuit, on every prompt. */
  readonly effects: ReadonlyMap<number, PerPrompt>;
  /** Metric of the circuit that the edges were cut from. */
  readonly initial: number;
}

/**
 * The effect of cutting each of the edges alone from a circuit. From the whole model it is activation patching of edges
 * (`exact` of EAP-IG, arXiv:2403.17806).
 *
 * Cost: one evaluation per edge. It computes the edge's receiver and everything downstream, so edges of one receiver
 * should follow one another.
 *
 * @param from the circuit.
 * @returns effects in loss form, in units of the metric.
 * @throws EdgewiseError of kind usage where the journal is of another run.
 */
export async function exactEffects(
  evaluator: CircuitEvaluator,
  from: EdgeSet,
  edges: readonly number[],
  onProgress: (progress: ExactProgress) => void = () => {},
  journal: Journal = NO_JOURNAL,
): Promise<ExactEffects> {
  const [uncut] = (await evaluator.perPrompt([from])) as [PerPrompt];
  const effects = new Map<number, PerPrompt>();
  let own = 0;
  const work = evaluator.costs && workOfCuts(from, edges, evaluator.costs);
  let done = 0;
  let left = work?.reduce((sum, one) => sum + one, 0) ?? 0;
  for (let next = 0; next < edges.length;) {
    const earlier = earlierTest(journal, next, edges[next]!, from.topology);
    const batch = earlier ? [edges[next]!] : edges.slice(next, next + evaluator.most);
    const measured = earlier ? [earlier.without] : await evaluator.perPrompt(batch.map((edge) => from.without(edge)));
    batch.forEach((edge, i) => {
      const without = measured[i]!;
      if (!earlier) journal.record({ edge, without });
      effects.set(
        edge,
        without.map((value, n) => value - uncut[n]!),
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
  return { effects, initial: mean(uncut) };
}

/** What each of the cuts from a circuit costs. */
function workOfCuts(from: EdgeSet, edges: readonly number[], costs: EvaluationCosts): number[] {
  const { ports } = edgeEnds(from.topology);
  const use = nodesInUse(from);
  const known = new Map<number, number>();
  return edges.map((edge) => {
    const port = ports[edge]!;
    if (!known.has(port)) known.set(port, workOfTest(from, use, port, costs));
    return known.get(port)!;
  });
}
