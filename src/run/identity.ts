import { EdgewiseError } from '../base/errors.js';
import type { Ablation, RunIdentity } from '../circuit/run-identity.js';
import { Topology } from '../circuit/topology.js';
import type { AcdcOptions } from '../discover/acdc.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import { layoutOf } from '../model/layout.js';
import type { LoadedModel } from '../model/load-model.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import type { PatchOptions } from '../evaluate/options.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import { DEFAULT_BUDGET, planRun, promptSizes, type RunLimits, type RunPlan } from '../evaluate/memory-plan.js';
import { requireAnswers } from '../task/take-prompts.js';
import type { Task } from '../task/types.js';

/** What a mean ablation averages over: a side of the task's own prompts, or the clean prompts of another task. */
export type MeanOver = 'clean' | 'corrupted' | Task;

export interface EvaluationOptions extends PatchOptions {
  readonly metric: MetricName;
  /** Default `clean`; used by the mean ablations only. */
  readonly meanOver?: MeanOver;
}

export interface DiscoveryOptions extends EvaluationOptions, AcdcOptions {
  /** Circuits evaluated in one submission at most, if there is memory for so many; default: what fills the device. Changes no result. */
  readonly batch?: number;
}

/** What identifies any run on a task, whatever it does there; known before anything is computed. */
export function taskIdentity(
  model: LoadedModel,
  task: Task,
  { ablation, meanOver = 'clean', input, metric }: EvaluationOptions,
): Omit<RunIdentity, 'method' | 'threshold' | 'absolute' | 'directEdges' | 'senderHeads' | 'seed'> {
  const meanName = typeof meanOver === 'string' ? meanOver : meanOver.hash;
  return {
    model: { name: model.name, hash: model.hash, family: model.spec.family },
    tokenizer: task.tokenizer?.hash ?? null,
    task: { name: task.name, hash: task.hash },
    prompts: { count: task.pairs.length, skip: task.skip },
    bos: task.tokenizer?.bos ?? 'auto',
    ablation,
    meanOver: ablation.startsWith('mean') ? meanName : null,
    input,
    metric,
  };
}

/** What identifies a search, as it goes into the provenance. */
export function runIdentity(model: LoadedModel, task: Task, options: DiscoveryOptions): RunIdentity {
  const { threshold, absolute, directEdges, senderHeads } = options;
  return {
    method: 'acdc',
    ...taskIdentity(model, task, options),
    threshold,
    absolute,
    directEdges,
    senderHeads,
    seed: null,
  };
}

/**
 * Finds mistakes in what a run is asked to do before a device is needed: answers that the metric uses, token ids, lengths,
 * positions, and what a mean would be taken over. `discover` and `evaluate` call it themselves.
 *
 * @throws EdgewiseError of kind task.
 */
export function checkRun(model: LoadedModel, task: Task, options: EvaluationOptions): void {
  requireAnswers(task, METRICS[options.metric].needs);
  checkPrompts(model.spec, task.pairs, meanSourceOf(task, options), options.ablation);
}

export function meanSourceOf(task: Task, { ablation, meanOver = 'clean' }: EvaluationOptions): MeanSource {
  if (!ablation.startsWith('mean') || typeof meanOver === 'string') {
    return { pairs: task.pairs, side: meanOver === 'corrupted' ? 'corrupted' : 'clean' };
  }
  return { pairs: meanOver.pairs, side: 'clean' };
}

export function topologyOf(model: LoadedModel): Topology {
  const { layers, heads, block } = model.spec;
  return new Topology({ layers, heads, parallel: block !== 'sequential' });
}

/** What else a memory plan depends on. */
export interface PlanOptions {
  readonly budget?: number;
  /** Circuits in one submission, if there is room. */
  readonly circuits?: number;
  /** Default `resample`. */
  readonly ablation?: Ablation;
  /** Prompts that means are taken over; default: the run's own. */
  readonly meanPairs?: readonly { readonly clean: readonly number[] }[];
}

/** The memory plan of a run over these prompts. */
export function planFor(
  model: LoadedModel,
  topology: Topology,
  pairs: readonly { readonly clean: readonly number[] }[],
  directEdges: boolean,
  limits: Pick<RunLimits, 'maxBinding' | 'maxWorkgroups'>,
  { budget = DEFAULT_BUDGET, circuits = 1, ablation = 'resample', meanPairs = pairs }: PlanOptions = {},
): RunPlan {
  if (pairs.length === 0) throw new EdgewiseError('task', 'prompts', 'there are none');
  const size = { ...promptSizes(pairs, meanPairs, ablation), directEdges, circuits, resident: true };
  return planRun(topology, layoutOf(model.spec), size, {
    maxBinding: limits.maxBinding,
    maxWorkgroups: limits.maxWorkgroups,
    budget,
  });
}
