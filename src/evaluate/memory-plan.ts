import { gatheredTensors } from '../readout/answer-columns.js';
import { readoutTensors } from '../readout/parts.js';
import { EdgewiseError } from '../base/errors.js';
import type { Ablation } from '../circuit/run-identity.js';
import type { PromptPair } from '../task/types.js';
import { measurements } from './whole-answers.js';
import type { Topology } from '../circuit/topology.js';
import { CHANGES_ROOM } from '../pass/pass-frame.js';
import { tableWords } from '../pass/tables/table-layout.js';
import {
  batchTensors,
  layerTensors,
  scratchTensors,
  stateTensors,
  tensorBytes,
  type PassShape,
} from '../pass/pass-plan.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Layout } from '../model/layout.js';

/** What a run asks for. */
export interface RunSize {
  readonly prompts: number;
  /** Tokens of the longest prompt. */
  readonly sequence: number;
  /** Circuits may cut direct edges. */
  readonly directEdges: boolean;
  /** Circuits evaluated in one submission, if there is room for so many. */
  readonly circuits: number;
  /** Circuits come one after the other: every micro-batch keeps what it computed of the last ones. */
  readonly resident: boolean;
  /** Means of mean ablation: one per position, or one, or none. Default none. */
  readonly meanGroups?: number;
  /** Columns of the unembedding that a micro-batch gathers for its answers at most, see gatheredColumns. Default 0. */
  readonly gathered?: number;
}

export interface RunLimits {
  /** Largest storage binding in bytes. */
  readonly maxBinding: number;
  /** Most workgroups along one dimension of a dispatch. */
  readonly maxWorkgroups: number;
  /** Most bytes that activations and caches may take together. */
  readonly budget: number;
}

/** What both kinds of memory plan depend on: prompts, the longest of them, and the means of mean ablation. */
export function promptSizes(
  pairs: readonly Pick<PromptPair, 'clean' | 'answer'>[],
  meanPairs: readonly { readonly clean: readonly number[] }[],
  ablation: Ablation,
): { readonly prompts: number; readonly sequence: number; readonly meanGroups: number } {
  const means = ablation === 'mean' || ablation === 'mean-positional';
  const sequence = [...pairs, ...(means ? meanPairs : [])].reduce((most, { clean }) => Math.max(most, clean.length), 0);
  return {
    prompts: measurements(pairs),
    sequence,
    meanGroups: ablation === 'mean-positional' ? sequence : Number(means),
  };
}

/** One row of the memory table. */
export interface PlannedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** How many of it there are: one, or one per micro-batch of prompts, or per layer of each. */
  readonly count: number;
}

export interface RunPlan {
  readonly shape: PassShape;
  readonly microBatches: number;
  readonly tensors: readonly PlannedTensor[];
  /** Bytes of all of them. */
  readonly bytes: number;
}

/** 4 GB, in bytes: what a run may take beside the weights unless told otherwise. */
export const DEFAULT_BUDGET = 4e9;

/** Tensors beside those of the pass. */
export type TensorsBeside = (shape: PassShape, microBatches: number) => readonly PlannedTensor[];

/**
 * Part of the budget that the sums over cut edges may take, if so much is left: they save additions, not whole nodes.
 */
const CUT_SUMS_SHARE = 1 / 8;

/**
 * Decides before anything is allocated how many circuits and prompts go through a pass at once: all of them if every
 * tensor fits a binding and the sum fits the budget; otherwise fewer circuits, then the largest equal share of the
 * prompts that does.
 *
 * @param beside default: what an evaluator keeps of every micro-batch.
 * @throws EdgewiseError of kind device with the numbers where even one prompt at a time does not fit.
 */
export function planRun(
  topology: Topology,
  layout: Layout,
  size: RunSize,
  limits: RunLimits,
  beside: TensorsBeside = (shape, count) => [
    ...planned(batchTensors(topology, layout, shape, size.directEdges), count),
    ...plannedAnswers(layout, shape, size.gathered ?? 0, count),
  ],
): RunPlan {
  const plan = (prompts: number, circuits: number): RunPlan =>
    tabulate(topology, layout, size, { prompts, circuits }, limits, beside);
  for (let circuits = size.circuits; circuits > 1; circuits = Math.ceil(circuits / 2)) {
    const candidate = plan(size.prompts, circuits);
    if (fits(candidate, layout, limits)) return candidate;
  }
  return largestShare(size, layout, limits, (prompts) => plan(prompts, 1));
}

/** What a number of prompts at once takes. */
export interface MemoryTable {
  readonly shape: { readonly prompts: number; readonly sequence: number; readonly circuits?: number };
  readonly microBatches: number;
  readonly tensors: readonly PlannedTensor[];
  readonly bytes: number;
}

/**
 * The table of the most prompts at once that fit: all of them, or the largest equal share.
 *
 * @throws EdgewiseError of kind device with the numbers where even one prompt at a time does not fit.
 */
export function largestShare<T extends MemoryTable>(
  size: { readonly prompts: number; readonly sequence: number },
  layout: Layout,
  limits: RunLimits,
  tabulated: (prompts: number) => T,
): T {
  let plan = tabulated(size.prompts);
  while (!fits(plan, layout, limits) && plan.shape.prompts > 1) {
    plan = tabulated(Math.min(plan.shape.prompts - 1, Math.ceil(size.prompts / (plan.microBatches + 1))));
  }
  if (fits(plan, layout, limits)) return plan;
  const widest = plan.tensors.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const what =
    widest.bytes > limits.maxBinding
      ? `${widest.name} takes ${megabytes(widest.bytes)} for a single prompt, this adapter binds at most ${megabytes(limits.maxBinding)}`
      : `the run takes ${megabytes(plan.bytes)} one prompt at a time, the limit is ${megabytes(limits.budget)}`;
  throw new EdgewiseError('device', 'memory plan', `${what} (${size.prompts} prompts of ${size.sequence} tokens)`);
}

function fits({ bytes, tensors, shape }: MemoryTable, layout: Layout, limits: RunLimits): boolean {
  return (
    bytes <= limits.budget &&
    tensors.every((tensor) => tensor.bytes <= limits.maxBinding) &&
    largestGrid(layout, shape) <= limits.maxWorkgroups
  );
}

/**
 * Workgroups of the kernels that give an invocation to four columns of a token, or a workgroup to eight tokens of all
 * circuits.
 */
function largestGrid(layout: Layout, { prompts, sequence, circuits = 1 }: MemoryTable['shape']): number {
  const tokens = prompts * sequence;
  return Math.max(groupsOf64(tokens * Math.max(layout.width4, layout.head4)), Math.ceil((circuits * tokens) / 8));
}

function tabulate(
  topology: Topology,
  layout: Layout,
  size: RunSize,
  { prompts, circuits }: Pick<PassShape, 'prompts' | 'circuits'>,
  { maxBinding, budget }: RunLimits,
  beside: TensorsBeside,
): RunPlan {
  const microBatches = Math.ceil(size.prompts / prompts);
  const states = size.resident ? microBatches : 1;
  const withCutSums = (cutSums: number): RunPlan => {
    const shape: PassShape = { prompts, sequence: size.sequence, circuits, cutSums };
    const words = tableWords(topology, layout, shape, maxBinding);
    const tensors = [
      ...planned(scratchTensors(topology, layout, shape), 1),
      ...planned({ tables: [words], 'changes of tables': [CHANGES_ROOM * words] }, 1),
      ...planned(readoutTensors(shape), 1),
      ...planned(stateTensors(topology, layout, shape), states),
      ...planned(layerTensors(topology, layout, shape), topology.layers * states),
      ...beside(shape, microBatches),
      ...planned({ means: [(size.meanGroups ?? 0) * topology.writers.length, 4 * layout.width4] }, 1),
    ];
    return { shape, microBatches, tensors, bytes: totalBytes(tensors) };
  };
  const without = withCutSums(0);
  // Sums of normed layers are no sums of edges.
  if (!size.resident || layout.postNorms) return without;
  const slotBytes = 4 * prompts * size.sequence * 4 * layout.width4;
  const room = Math.min(maxBinding, (CUT_SUMS_SHARE * budget) / microBatches, (budget - without.bytes) / states);
  const cutSums = Math.min(topology.ports.length, Math.floor(room / slotBytes));
  return cutSums > 0 ? withCutSums(cutSums) : without;
}

/**
 * What every micro-batch keeps of the unembedding for its answers: a direction per prompt, see bindAnswerDirections, or
 * columns, with what is there while the last one gathers them.
 */
export function plannedAnswers(
  layout: Layout,
  { prompts }: Pick<PassShape, 'prompts'>,
  columns: number,
  microBatches: number,
): PlannedTensor[] {
  if (columns === 0) return planned({ directions: [prompts, 4 * layout.width4] }, microBatches);
  const { panel, biases, rows, allBiases } = gatheredTensors(layout, columns);
  return [
    ...planned({ answerPanels: panel.shape }, panel.count * microBatches),
    ...planned({ answerBiases: biases }, microBatches),
    ...planned({ answerRows: rows, copyOfAnswerRows: rows, copyOfBiases: allBiases }, 1),
  ];
}

/** Rows of the memory table for `count` of each tensor. */
export function planned(shapes: Readonly<Record<string, readonly number[]>>, count: number): PlannedTensor[] {
  return Object.entries(shapes).map(([name, shape]) => ({ name, shape, bytes: tensorBytes(shape), count }));
}

export function totalBytes(tensors: readonly PlannedTensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.bytes * tensor.count, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
}
