import { keptEdges } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { curveSizes, faithfulnessCurve } from '../evaluate/curve.js';
import type { PatchingEvaluator } from '../evaluate/evaluator.js';
import { circuitDetails, writersOf, type TokenText } from '../inspect/circuit-details.js';
import { inspectNodes } from '../inspect/inspect-nodes.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { Task } from '../task/types.js';
import type { Discovery } from './discovery.js';
import { checkRun, refuseOtherRun } from './identity.js';
import type { EvaluationOptions } from './options.js';

export interface InspectionOptions extends EvaluationOptions {
  /** Texts of tokens by id. Default `#<id>`. Prompts that bring their own texts keep them. */
  readonly tokenText?: TokenText;
}

/** Passes over all prompts: done, and in total. */
export interface InspectionProgress {
  readonly done: number;
  readonly total: number;
}

/** A circuit with what was measured of it. */
export type InspectedCircuit = Pick<Discovery, 'circuit' | 'initial' | 'final' | 'empty' | 'promptEffects'>;

/** What an inspection needs of an engine. */
export interface InspectionSetting {
  readonly model: LoadedModel;
  readonly topology: Topology;
  readonly weights: ModelWeights;
  readonly budget: number;
  readonly withEvaluator: <T>(directEdges: boolean, use: (evaluator: PatchingEvaluator) => Promise<T>) => Promise<T>;
}

/** How the nodes and edges of a circuit behave on each prompt: see `Engine.inspect`. */
export async function inspectCircuit(
  task: Task,
  inspected: InspectedCircuit,
  options: InspectionOptions,
  onProgress: (progress: InspectionProgress) => void,
  { model, topology, weights, budget, withEvaluator }: InspectionSetting,
): Promise<CircuitDetails> {
  checkRun(model, task, options);
  const { circuit, initial, empty, promptEffects } = inspected;
  refuseOtherRun(model, topology, task, circuit, options.metric);
  const { metric } = options;
  const circuits = [EdgeSet.full(topology), circuit.kept, EdgeSet.empty(topology)];
  const total = circuits.length + curveSizes(keptEdges(circuit)).length + 1;
  let done = 0;
  const passed = (passes = 1): void => onProgress({ done: (done += passes), total });
  const { values, curve } = await withEvaluator(circuit.directTested, async (evaluator) => {
    const ends = await evaluator.evaluate(circuits, [...new Set<MetricName>([metric, 'logit-diff'])]);
    passed(circuits.length);
    return {
      values: ends,
      curve: await faithfulnessCurve(evaluator, circuit, { model: initial, empty }, () => passed()),
    };
  });
  const behaviour = await inspectNodes(weights, topology, task.pairs, writersOf(circuit), {
    input: options.input,
    budget,
  });
  passed();
  const [whole, found, none] = values.map((perMetric) => perMetric[metric]!);
  const logitDifference = values[0]!['logit-diff']!.map((loss) => -loss);
  return circuitDetails(
    circuit,
    task,
    { whole: whole!, circuit: found!, empty: none!, logitDifference },
    behaviour,
    { edges: promptEffects, curve, model: model.hash, metric },
    options.tokenText ?? ((id) => `#${id}`),
  );
}
