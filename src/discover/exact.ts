import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { earlierTest, NO_JOURNAL, type Journal } from './journal.js';
import type { CircuitEvaluator, PerPrompt } from '../circuit/evaluator.js';

export interface ExactProgress {
  readonly done: number;
  /** Those of them that this run measured itself. */
  readonly measured: number;
  readonly total: number;
}

export interface ExactEffects {
  /** By edge id: metric of the whole model without the edge minus that of the whole model, on every prompt. */
  readonly effects: ReadonlyMap<number, PerPrompt>;
  /** Metric of the whole model. */
  readonly initial: number;
}

/**
 * The effect of cutting each of the edges alone: activation patching of edges (EAP-IG's `exact`). Cost: one evaluation per edge, each
 * of which computes the edge's receiver and everything downstream of it, so that edges of one receiver should come one after the
 * other.
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
    next += batch.length;
    if (!earlier) own += batch.length;
    onProgress({ done: next, measured: own, total: edges.length });
  }
  return { effects, initial: mean(whole) };
}
