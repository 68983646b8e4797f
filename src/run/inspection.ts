import { finiteOrNull } from '../base/finite-or-null.js';
import { mean } from '../base/mean.js';
import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { connectedCircuits } from '../evaluate/connected-curve.js';
import type { MeasuredEdges } from '../evaluate/measured-edges.js';
import type { PromptValues } from '../evaluate/evaluator.js';
import type { TaskEvaluator } from '../evaluate/task-evaluator.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import { withoutWriter } from '../evaluate/nodes-in-circuit.js';
import { extentOfCircuit, heldOf } from '../files/index.js';
import { patternEdges, patternReads } from '../inspect/attention-rows.js';
import { circuitDetails, writersOf, type TokenText, type WordBehaviour } from '../inspect/circuit-details.js';
import { inspectNodes, MAX_LOGITS } from '../inspect/inspect-nodes.js';
import { ovTokens, wordsOf, type HeadOv, type HeadPlace } from '../inspect/ov-tokens.js';
import type { UsedCircuit } from '../inspect/uses.js';
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
  readonly withEvaluator: <T>(directEdges: boolean, use: (evaluator: TaskEvaluator) => Promise<T>) => Promise<T>;
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
  const { metric, input } = options;
  refuseOtherShape(topology, circuit.kept);
  if (Object.keys(promptEffects).length > 0) refuseOtherRun(model, topology, task, circuit, metric);
  const writers = writersOf(circuit);
  const heads = writers.flatMap((writer) => {
    const node = topology.writers[writer]!;
    return node.kind === 'head' ? [{ writer, layer: node.layer, head: node.head }] : [];
  });
  const groups = patternEdges(circuit);
  const extent = extentOfCircuit(
    circuit,
    task.pairs.map(({ clean }) => clean.length),
  );
  const told = heldOf(extent) === 'every prompt' ? task.pairs.length : 1;
  // So that the details say themselves what their curve goes by.
  const { inCircuit: measured, ...unmeasured } = circuit;
  const levels = connectedCircuits({
    ...unmeasured,
    ...(measured && Object.keys(inCircuit).length > 0 && { inCircuit: measured }),
  });
  const circuits = [
    EdgeSet.full(topology),
    circuit.kept,
    EdgeSet.empty(topology),
    // Writers from the logits down, then circuits by rising size: each differs little from the one before.
    ...writers.toReversed().map((writer) => withoutWriter(circuit.kept, writer)),
    ...levels.map(({ kept }) => kept),
  ];
  const layers = new Set(heads.map(({ layer }) => layer)).size;
  // Both sides of the prompts; rows of patterns of the circuit and of every group of cut edges.
  const total = 2 + layers + circuits.length + (groups.length === 0 ? 0 : 1 + groups.length);
  let done = 0;
  const onDone = (passes = 1): void => onProgress({ done: (done += passes), total });
  const used = { circuit, weight: edgeWeights(circuit, promptEffects, inCircuit) };
  const behaviour = await inspectNodes(weights, topology, task.pairs, writers, { input, budget, used });
  onDone(2);
  const words = await wordBehaviour(weights, task, heads, budget, onDone);
  const { values, reads } = await withEvaluator(cutsDirectEdges(circuit), async (evaluator) => ({
    values: await valuesOf(evaluator, circuits, [...new Set<MetricName>([metric, 'logit-diff'])], onDone),
    reads: await patternReads(evaluator, circuit.kept, groups, { pairs: task.pairs, told }, behaviour.used!.at, onDone),
  }));
  const [whole, found, none, ...others] = values.map((perMetric) => perMetric[metric]!);
  const logitDifference = values[0]!['logit-diff']!.map((loss) => -loss);
  const nodes = others
    .slice(0, writers.length)
    .map((without) => without.map((value, n) => value - found![n]! + 0)) // never -0
    .toReversed();
  const curve = levels.map(({ edges }, i) => {
    const value = mean(others[writers.length + i]!);
    return { edges, metric: finiteOrNull(value), faithfulness: faithfulness(value, mean(whole!), mean(none!)) };
  });
  return circuitDetails(
    circuit,
    task,
    { whole: whole!, circuit: found!, empty: none!, logitDifference },
    { ...behaviour, used: behaviour.used! },
    { nodes, reads, curve },
    words,
    { edges: ofKept(circuit, promptEffects), inCircuit, model: model.hash, metric },
    options.tokenText ?? ((id) => `#${id}`),
  );
}

/** Metrics of circuits, as many at once as the evaluator takes. */
async function valuesOf(
  evaluator: TaskEvaluator,
  circuits: readonly EdgeSet[],
  metrics: readonly MetricName[],
  onDone: (evaluations: number) => void,
): Promise<PromptValues[]> {
  const values: PromptValues[] = [];
  while (values.length < circuits.length) {
    const batch = circuits.slice(values.length, values.length + evaluator.most);
    values.push(...(await evaluator.evaluate(batch, metrics)));
    onDone(batch.length);
  }
  return values;
}

/**
 * How much an edge counts on a prompt: |effect in the circuit| there, otherwise |effect at the decision|, on the prompt
 * where that is known, otherwise the mean. An effect that is not finite counts most. Edges of which nothing is known
 * count alike.
 */
function edgeWeights(
  { topology, effects, inCircuit }: Circuit,
  promptEffects: NonNullable<InspectedCircuit['promptEffects']>,
  promptInCircuit: NonNullable<InspectedCircuit['inCircuit']>,
): UsedCircuit['weight'] {
  const names = new Map<number, string>();
  return (edge, n) => {
    const name = names.get(edge) ?? topology.edgeName(edge);
    names.set(edge, name);
    const known = promptInCircuit[name]?.[n] ?? inCircuit?.effects[edge] ?? promptEffects[name]?.[n];
    if (known !== undefined) return Number.isFinite(known) ? Math.abs(known) : Infinity;
    return Number.isNaN(effects[edge]) ? 1 : Math.abs(effects[edge]!);
  };
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
