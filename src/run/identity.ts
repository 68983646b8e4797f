import { EdgewiseError } from '../base/errors.js';
import type { Circuit, Provenance } from '../circuit/circuit.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { isGrouped } from '../circuit/nodes.js';
import type { Ablation, MeasuredWith, RunIdentity } from '../circuit/run-identity.js';
import { inWords } from '../circuit/shape-of-names.js';
import { Topology } from '../circuit/topology.js';
import { shapeDifference } from '../circuit/topology-shape.js';
import { gatheredColumns } from '../readout/answer-columns.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import { layoutOf } from '../model/layout.js';
import type { LoadedModel } from '../model/load-model.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import { DEFAULT_BUDGET, planRun, promptSizes, type RunLimits, type RunPlan } from '../evaluate/memory-plan.js';
import { requireAnswers } from '../task/take-prompts.js';
import type { PromptPair, Task } from '../task/types.js';
import type { Caches, EvaluationOptions, SearchOptions } from './options.js';

/** What identifies any run on a task, whatever the run does. It is known before anything is computed. */
export function taskIdentity(
  model: LoadedModel,
  task: Task,
  { ablation, meanOver = 'clean', input, metric }: EvaluationOptions,
): Omit<RunIdentity, 'method' | 'threshold' | 'absolute' | 'directEdges' | 'senderHeads' | 'seed'> {
  const meanName = typeof meanOver === 'string' ? meanOver : meanOver.hash;
  return {
    model: { name: model.name, hash: model.hash, family: model.spec.family, ignored: model.ignored },
    tokenizer: task.tokenizer?.hash ?? null,
    task: { name: task.name, hash: task.hash },
    reading: task.reading,
    prompts: { count: task.pairs.length, skip: task.skip },
    bos: task.tokenizer?.bos ?? 'auto',
    ablation,
    meanOver: ablation.startsWith('mean') ? meanName : null,
    input,
    kvPorts: model.kvPorts,
    metric,
  };
}

/** What identifies a search, as it goes into the provenance. */
export function runIdentity(
  model: LoadedModel,
  task: Task,
  caches: Caches,
  { threshold, absolute, senderHeads }: SearchOptions,
): RunIdentity {
  const { directEdges } = caches;
  return {
    method: 'acdc',
    ...taskIdentity(model, task, caches),
    threshold,
    absolute,
    directEdges,
    senderHeads,
    seed: null,
  };
}

/** What a circuit is measured with, where its provenance does not say just that. */
export function measuredOtherwise(
  model: LoadedModel,
  task: Task,
  options: EvaluationOptions,
  provenance: Provenance | null,
): MeasuredWith | undefined {
  const { model: of, task: on, prompts, ablation, meanOver, input, metric } = taskIdentity(model, task, options);
  const same =
    provenance !== null &&
    provenance.model.hash === of.hash &&
    provenance.task.hash === on.hash &&
    provenance.prompts.count === prompts.count &&
    provenance.prompts.skip === prompts.skip &&
    provenance.ablation === ablation &&
    provenance.meanOver === meanOver &&
    provenance.input === input &&
    provenance.metric === metric;
  return same ? undefined : { model: of, task: on, prompts, ablation, meanOver, input, metric };
}

/**
 * Finds mistakes in what a run is asked to do, before a device is needed: answers that the metric uses, token ids,
 * lengths, positions, and what a mean is taken over.
 *
 * @throws EdgewiseError of kind task that names the prompt pair.
 */
export function checkRun(model: LoadedModel, task: Task, options: EvaluationOptions): void {
  requireAnswers(task, METRICS[options.metric].needs);
  if (!METRICS[options.metric].wholeAnswers) refuseWholeAnswers(task, options.metric);
  checkPrompts(model.spec, task.pairs, meanSourceOf(task, options), options.ablation);
}

function refuseWholeAnswers({ pairs, source }: Task, metric: MetricName): void {
  const pair = pairs.find(({ answer }) => answer !== undefined);
  if (!pair) return;
  const what = `the answer is ${pair.answer!.length} tokens, of which ${metric} reads one; nll reads the whole answer`;
  throw new EdgewiseError('task', pair.origin ?? source, what);
}

/** The prompts that a mean ablation averages over. */
export function meanSourceOf(task: Task, { ablation, meanOver = 'clean' }: EvaluationOptions): MeanSource {
  if (!ablation.startsWith('mean') || typeof meanOver === 'string') {
    return { pairs: task.pairs, side: meanOver === 'corrupted' ? 'corrupted' : 'clean' };
  }
  return { pairs: meanOver.pairs, side: 'clean' };
}

/** The nodes and edges of a model. */
export function topologyOf({ spec, kvPorts }: LoadedModel): Topology {
  const { layers, heads, kvHeads, block, mlp } = spec;
  const shape = { layers, heads, parallel: block !== 'sequential', attentionOnly: mlp === null };
  return new Topology({ ...shape, ...(kvPorts && { kvPorts: kvHeads }) });
}

/** What a memory plan depends on besides the prompts. */
export interface PlanOptions {
  readonly budget?: number;
  /** Circuits in one submission, if there is memory for so many. Default 1. */
  readonly circuits?: number;
  /** Default `resample`. */
  readonly ablation?: Ablation;
  /** Prompts that means are taken over. Default: the run's own. */
  readonly meanPairs?: readonly { readonly clean: readonly number[] }[];
  /** Prompts of the whole run, where these are one device's share: the longest of them sets the length of all. */
  readonly among?: readonly Pick<PromptPair, 'clean' | 'answer'>[];
}

/**
 * Most circuits that one pass takes: more fill no device that is known. A submission of more circuits makes several
 * passes, so that it takes no more memory.
 */
const SIDE_BY_SIDE = 16;

/**
 * The memory plan of a run over these prompts.
 *
 * @throws EdgewiseError: task where there are no prompts, device (with the numbers) where one prompt does not fit.
 */
export function planFor(
  model: LoadedModel,
  topology: Topology,
  pairs: readonly Pick<PromptPair, 'clean' | 'answer' | 'correct' | 'wrong'>[],
  directEdges: boolean,
  limits: Pick<RunLimits, 'maxBinding' | 'maxWorkgroups'>,
  { budget = DEFAULT_BUDGET, circuits = 1, ablation = 'resample', meanPairs = pairs, among = pairs }: PlanOptions = {},
): RunPlan {
  if (pairs.length === 0) throw new EdgewiseError('task', 'prompts', 'there are none');
  const wholeAnswers = pairs.map(({ answer, correct, wrong }) => ({ correct: answer ?? correct, wrong }));
  const gathered = gatheredColumns(model.spec, wholeAnswers);
  const { sequence, meanGroups } = promptSizes(among, meanPairs, ablation);
  const { prompts } = promptSizes(pairs, meanPairs, ablation);
  const size = {
    prompts,
    sequence,
    meanGroups,
    directEdges,
    circuits: Math.min(circuits, SIDE_BY_SIDE),
    resident: true,
    gathered,
  };
  return planRun(topology, layoutOf(model.spec), size, {
    maxBinding: limits.maxBinding,
    maxWorkgroups: limits.maxWorkgroups,
    budget,
  });
}

/** Whether a circuit, or a part of it, needs an evaluator that can cut direct edges. */
export function cutsDirectEdges({ kept, directTested }: Pick<Circuit, 'kept' | 'directTested'>): boolean {
  return directTested || kept.size - kept.additionSize < kept.topology.directEdges;
}

/** @throws EdgewiseError of kind circuit where it is of a model of another shape. */
export function refuseOtherShape(mine: Topology, { topology }: EdgeSet): void {
  const field = shapeDifference(topology, mine);
  if (field === undefined) return;
  if (field === 'kvPorts') {
    const ports = (of: Topology): string => (isGrouped(of) ? 'grouped' : 'per-head');
    const what = `was found with kv-ports ${ports(topology)}, this run has kv-ports ${ports(mine)}`;
    throw new EdgewiseError('circuit', 'the circuit', what);
  }
  const what = `is of a model of ${inWords(topology)}, this one has ${inWords(mine)}`;
  throw new EdgewiseError('circuit', 'the circuit', what);
}

/** Whether a circuit was found by a run with this model, on these prompts and by this metric. */
export function isRunOf(model: LoadedModel, task: Task, { provenance }: Circuit, metric: MetricName): boolean {
  return (
    provenance !== null &&
    provenance.model.hash === model.hash &&
    provenance.task.hash === task.hash &&
    provenance.prompts.count === task.pairs.length &&
    provenance.prompts.skip === task.skip &&
    provenance.metric === metric
  );
}

/** @throws EdgewiseError of kind circuit where it was found by another run. */
export function refuseOtherRun(
  model: LoadedModel,
  topology: Topology,
  task: Task,
  circuit: Circuit,
  metric: MetricName,
): void {
  refuseOtherShape(topology, circuit.kept);
  if (isRunOf(model, task, circuit, metric)) return;
  throw new EdgewiseError('circuit', 'the circuit', 'was found with another model, task or metric');
}
