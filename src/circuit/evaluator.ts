import type { EdgeSet } from './edge-set.js';

/** Values of one metric in loss form (lower is better), one per prompt in the order of the task. */
export type PerPrompt = readonly number[];

/**
 * What a search needs of the model: the metric of circuits on every prompt; decisions are made on the mean over the prompts
 * (src/base/mean.ts). Implementations decide how to compute them (whole passes, incrementally, several at once); the numbers
 * must not depend on that choice, nor on what was evaluated before.
 */
export interface CircuitEvaluator {
  /** How many circuits share a submission; more may be asked for at once, and are then evaluated in turn. */
  readonly most: number;
  perPrompt(circuits: readonly EdgeSet[]): Promise<readonly PerPrompt[]>;
}
