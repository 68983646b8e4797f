import type { EdgeSet } from '../circuit/edge-set.js';

/** Values of one metric in loss form (lower is better), one per prompt in the order of the task. */
export type PerPrompt = readonly number[];

/**
 * What a pruner needs of the model: the metric of circuits on every prompt; decisions are made on the mean over the prompts
 * (src/base/mean.ts). Implementations decide how to compute them (whole passes, incrementally, several at once); the numbers
 * must not depend on that choice.
 */
export interface RemovalEvaluator {
  /** Metric of one circuit. */
  perPrompt(circuit: EdgeSet): Promise<PerPrompt>;

  /**
   * Metrics of `current` without candidates[0], then without candidates[0..1], and so on, for the first k >= 1 candidates;
   * k is the evaluator's choice. The caller uses the values up to the first candidate that it keeps and asks again.
   *
   * @param candidates edge ids present in `current`, in the order of testing; not empty.
   */
  withoutPrefixes(current: EdgeSet, candidates: readonly number[]): Promise<readonly PerPrompt[]>;
}
