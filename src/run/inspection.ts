import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { MeasuredEdges } from '../evaluate/measured-edges.js';
import type { PatchingEvaluator } from '../evaluate/evaluator.js';
import { circuitDetails, writersOf, type TokenText, type WordBehaviour } from '../inspect/circuit-details.js';
import { inspectNodes, MAX_LOGITS } from '../inspect/inspect-nodes.js';
import { ovTokens, wordsOf, type HeadOv, type HeadPlace } from '../inspect/ov-tokens.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { Task } from '../task/types.js';
import type { Discovery } from './discovery.js';
import { checkRun, cutsDirectEdges, refuseOtherRun, refuseOtherShape } from './identity.js';
import type { EvaluationOptions } from './options.js';

export interface InspectionOptions extends EvaluationOptions {
  /** Texts of tokens by id. Default `#<id>`. Prompts that bring their own texts keep them. */
  readonly tokenText?: TokenText;
}

/** Passes over all prompts, and layers whose heads' weights were looked at: done, and in total. */
export interface InspectionProgress {
  readonly done: number;
  readonly total: number;
}

/** A circuit with the effects of its edges on every prompt, by name, as far as they are known. */
export interface InspectedCircuit extends Pick<Discovery, 'circuit'> {
  /** At their decision. They belong to the run that found the circuit. */
  readonly promptEffects?: Discovery['promptEffects'];
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

/**
 * How the nodes and edges of a circuit behave on each prompt, and what its heads write for the words: see
 * `Engine.inspect`.
 */
export async function inspectCircuit(
  task: Task,
  inspected: InspectedCircuit,
  options: InspectionOptions,
  onProgress: (progress: InspectionProgress) => void,
  { model, topology, weights, budget, withEvaluator }: InspectionSetting,
): Promise<CircuitDetails> {
  checkRun(model, task, options);
  const { circuit, promptEffects = {}, inCircuit = {} } = inspected;
  const { metric } = options;
  refuseOtherShape(topology, circuit.kept);
  if (Object.keys(promptEffects).length > 0) refuseOtherRun(model, topology, task, circuit, metric);
  const circuits = [EdgeSet.full(topology), circuit.kept, EdgeSet.empty(topology)];
  const writers = writersOf(circuit);
  const heads = writers.flatMap((writer) => {
    const node = topology.writers[writer]!;
    return node.kind === 'head' ? [{ writer, layer: node.layer, head: node.head }] : [];
  });
  const passes = circuits.length + 1;
  const total = passes + new Set(heads.map(({ layer }) => layer)).size;
  const values = await withEvaluator(cutsDirectEdges(circuit), (evaluator) =>
    evaluator.evaluate(circuits, [...new Set<MetricName>([metric, 'logit-diff'])]),
  );
  onProgress({ done: circuits.length, total });
  const { input } = options;
  const behaviour = await inspectNodes(weights, topology, task.pairs, writers, { input, budget });
  onProgress({ done: passes, total });
  let layers = 0;
  const words = await wordBehaviour(weights, task, heads, budget, () => onProgress({ done: passes + ++layers, total }));
  const [whole, found, none] = values.map((perMetric) => perMetric[metric]!);
  const logitDifference = values[0]!['logit-diff']!.map((loss) => -loss);
  return circuitDetails(
    circuit,
    task,
    { whole: whole!, circuit: found!, empty: none!, logitDifference },
    behaviour,
    words,
    { edges: ofKept(circuit, promptEffects), inCircuit, model: model.hash, metric },
    options.tokenText ?? ((id) => `#${id}`),
  );
}

/** What heads write for the words of a task's prompts. Nothing where the prompts have no words. */
async function wordBehaviour(
  weights: ModelWeights,
  { pairs }: Task,
  heads: readonly (HeadPlace & { readonly writer: number })[],
  budget: number,
  onLayer: () => void,
): Promise<WordBehaviour> {
  const words = wordsOf(
    pairs.map(({ clean }) => clean),
    weights.spec.bosTokenId,
  );
  const maxBytes = Math.min(MAX_LOGITS, weights.gpu.maxBinding, budget);
  const found: HeadOv[] = words.length === 0 ? [] : await ovTokens(weights, heads, words, maxBytes, onLayer);
  return { words, heads: new Map(found.map((ov, i) => [heads[i]!.writer, ov])) };
}

/** What is known of the edges that the circuit keeps. */
function ofKept<T>({ topology, kept }: Circuit, byName: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(byName).filter(([name]) => kept.has(topology.edgeId(name)!)));
}
