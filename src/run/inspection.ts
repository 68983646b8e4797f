import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { MeasuredEdges } from '../evaluate/measured-edges.js';
import type { PatchingEvaluator } from '../evaluate/evaluator.js';
import { circuitDetails, writersOf, type TokenText } from '../inspect/circuit-details.js';
import { inspectNodes } from '../inspect/inspect-nodes.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { Task } from '../task/types.js';
import type { Discovery } from './discovery.js';
import { checkRun, cutsDirectEdges, refuseOtherRun } from './identity.js';
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

/** A circuit with the effects of its edges on every prompt, by name, as far as they are known. */
export interface InspectedCircuit extends Pick<Discovery, 'circuit' | 'promptEffects'> {
  /** In the circuit: see MeasuredEdges. */
  readonly inCircuit?: MeasuredEdges['inCircuit'];
}

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
  const { circuit, promptEffects, inCircuit = {} } = inspected;
  refuseOtherRun(model, topology, task, circuit, options.metric);
  const { metric } = options;
  const circuits = [EdgeSet.full(topology), circuit.kept, EdgeSet.empty(topology)];
  const total = circuits.length + 1;
  const values = await withEvaluator(cutsDirectEdges(circuit), (evaluator) =>
    evaluator.evaluate(circuits, [...new Set<MetricName>([metric, 'logit-diff'])]),
  );
  onProgress({ done: circuits.length, total });
  const behaviour = await inspectNodes(weights, topology, task.pairs, writersOf(circuit), {
    input: options.input,
    budget,
  });
  onProgress({ done: total, total });
  const [whole, found, none] = values.map((perMetric) => perMetric[metric]!);
  const logitDifference = values[0]!['logit-diff']!.map((loss) => -loss);
  return circuitDetails(
    circuit,
    task,
    { whole: whole!, circuit: found!, empty: none!, logitDifference },
    behaviour,
    { edges: ofKept(circuit, promptEffects), inCircuit, model: model.hash, metric },
    options.tokenText ?? ((id) => `#${id}`),
  );
}

/** What is known of the edges that the circuit keeps. */
function ofKept<T>({ topology, kept }: Circuit, byName: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(byName).filter(([name]) => kept.has(topology.edgeId(name)!)));
}
