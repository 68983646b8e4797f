import type { EdgeSet } from './edge-set.js';

/** Values of one metric in loss form (lower is better), one per prompt in the order of the task. */
export type PerPrompt = readonly number[];

/**
 * What a search needs of the model: the metric of circuits on every prompt. Decisions are made on the mean over the
 * prompts (src/base/mean.ts). An implementation decides how it computes the values: by whole passes, incrementally, or
 * for several circuits at once. The numbers must not depend on that choice, nor on what was evaluated before.
 */
export interface CircuitEvaluator {
  /** How many circuits share a submission. If more are asked for at once, they are evaluated in turn. */
  readonly most: number;
  perPrompt(circuits: readonly EdgeSet[]): Promise<readonly PerPrompt[]>;
}
