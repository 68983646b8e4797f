import type { EdgeSet } from '../circuit/edge-set.js';
import type { CircuitEvaluator, EvaluationCosts } from '../circuit/evaluator.js';
import type { Topology } from '../circuit/topology.js';
import type { MetricName } from '../readout/metrics.js';
import type { Observation, ObservedRun, PromptValues } from './evaluator.js';

/**
 * Evaluates circuits on the prompts of a task. PatchingEvaluator does so on one device, SplitEvaluator on several. See
 * there for what each member does.
 */
export interface TaskEvaluator extends CircuitEvaluator {
  readonly topology: Topology;
  readonly costs: EvaluationCosts;
  evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]>;
  metric(circuit: EdgeSet): Promise<number>;
  observe<T>(circuit: EdgeSet, observe: (run: ObservedRun) => Observation<T>): Promise<T[]>;
  dispose(): void;
}
