import type { EdgeSet } from './edge-set.js';
import type { Reach } from './reachability.js';

/** Values of one metric in loss form (lower is better), one per prompt in the order of the task. */
export type PerPrompt = readonly number[];

/** What evaluations cost, for an estimate of how long a search takes. Any unit: only ratios count. */
export interface EvaluationCosts {
  /** Of what stands behind a port (its part of a head, an MLP, the logits), at the positions of a reach. */
  readonly port: (port: number, reach: Reach) => number;
  /** Of every step of a layer that is computed at all: a device takes a while to begin, whatever it computes. */
  readonly step: number;
}

/**
 * What a search needs of the model: the metric of circuits on every prompt. Decisions are made on the mean over the
 * prompts (src/base/mean.ts). An implementation decides how it computes the values: by whole passes, incrementally, or
 * for several circuits at once. The numbers must not depend on that choice, nor on what was evaluated before.
 */
export interface CircuitEvaluator {
  /** How many circuits share a submission. If more are asked for at once, they are evaluated in turn. */
  readonly most: number;
  /**
   * What a submission costs beside its circuits, in circuits: waiting for it, and what a single circuit leaves idle.
   * Default: see ROUND. No decision depends on it.
   */
  readonly round?: number;
  /** Undefined where nobody knows. No decision depends on it. */
  readonly costs?: EvaluationCosts;
  perPrompt(circuits: readonly EdgeSet[]): Promise<readonly PerPrompt[]>;
}
