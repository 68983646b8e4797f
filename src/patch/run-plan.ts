import { EdgewiseError } from '../base/errors.js';
import type { Topology } from '../circuit/topology.js';
import { tableWords } from '../exec/circuit-tables.js';
import {
  batchTensors,
  layerTensors,
  readoutTensors,
  scratchTensors,
  stateTensors,
  tensorBytes,
  type PassShape,
} from '../exec/pass-plan.js';
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
}

export interface RunLimits {
  /** Largest storage binding in bytes. */
  readonly maxBinding: number;
  /** Most workgroups along one dimension of a dispatch. */
  readonly maxWorkgroups: number;
  /** Most bytes that activations and caches may take together. */
  readonly budget: number;
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

/** Tensors beside those of the pass, and how many there are of each. */
export type TensorsBeside = (
  shape: PassShape,
  microBatches: number,
) => { readonly tensors: Readonly<Record<string, readonly number[]>>; readonly count: number };

/** Part of the budget that the sums over cut edges may take: they save additions, not whole nodes. */
const BASES_SHARE = 1 / 8;

/**
 * Decides before anything is allocated how many circuits and prompts go through a pass at once: all of them if every tensor fits a
 * binding and the sum fits the budget; otherwise fewer circuits, then the largest equal share of the prompts that does.
 *
 * @param beside default: what an evaluator keeps of every micro-batch.
 * @throws EdgewiseError of kind device with the numbers where even one prompt at a time does not fit.
 */
export function planRun(
  topology: Topology,
  layout: Layout,
  size: RunSize,
  limits: RunLimits,
  beside: TensorsBeside = (shape, count) => ({
    tensors: batchTensors(topology, layout, shape, size.directEdges),
    count,
  }),
): RunPlan {
  const plan = (prompts: number, circuits: number): RunPlan =>
    tabulate(topology, layout, size, { prompts, circuits }, limits, beside);
  const fits = (candidate: RunPlan): boolean =>
    candidate.bytes <= limits.budget &&
    candidate.tensors.every((tensor) => tensor.bytes <= limits.maxBinding) &&
    largestGrid(layout, candidate.shape) <= limits.maxWorkgroups;
  for (let circuits = size.circuits; circuits > 1; circuits = Math.ceil(circuits / 2)) {
    const candidate = plan(size.prompts, circuits);
    if (fits(candidate)) return candidate;
  }
  let candidate = plan(size.prompts, 1);
  while (!fits(candidate) && candidate.shape.prompts > 1) {
    const next = Math.min(candidate.shape.prompts - 1, Math.ceil(size.prompts / (candidate.microBatches + 1)));
    candidate = plan(next, 1);
  }
  if (fits(candidate)) return candidate;
  const widest = candidate.tensors.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const what =
    widest.bytes > limits.maxBinding
      ? `${widest.name} takes ${megabytes(widest.bytes)} for a single prompt, this adapter binds at most ${megabytes(limits.maxBinding)}`
      : `the run takes ${megabytes(candidate.bytes)} one prompt at a time, the limit is ${megabytes(limits.budget)}`;
  throw new EdgewiseError('device', 'memory plan', `${what} (${size.prompts} prompts of ${size.sequence} tokens)`);
}

/** Workgroups of the kernels that give an invocation to four columns of a token, or a workgroup to eight tokens. */
function largestGrid(layout: Layout, { prompts, sequence }: PassShape): number {
  const tokens = prompts * sequence;
  return Math.ceil(tokens * Math.max(Math.max(layout.width4, layout.head4) / 64, 1 / 8));
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
  const slab = 4 * prompts * size.sequence * 4 * layout.width4;
  const room = Math.min(maxBinding, (BASES_SHARE * budget) / microBatches);
  const states = size.resident ? microBatches : 1;
  const bases = size.resident ? Math.min(topology.ports.length, Math.floor(room / slab)) : 0;
  const shape: PassShape = { prompts, sequence: size.sequence, circuits, bases };
  const row = (name: string, dimensions: readonly number[], count: number): PlannedTensor => ({
    name,
    shape: dimensions,
    bytes: tensorBytes(dimensions),
    count,
  });
  const rows = (tensors: Readonly<Record<string, readonly number[]>>, count: number): PlannedTensor[] =>
    Object.entries(tensors).map(([name, dimensions]) => row(name, dimensions, count));
  const further = beside(shape, microBatches);
  const tensors = [
    ...rows(scratchTensors(topology, layout, shape), 1),
    row('tables', [tableWords(topology, layout, shape, maxBinding)], 1),
    ...rows(readoutTensors(shape), 1),
    ...rows(stateTensors(topology, layout, shape), states),
    ...rows(layerTensors(topology, layout, shape), topology.layers * states),
    ...rows(further.tensors, further.count),
  ];
  return { shape, microBatches, tensors, bytes: tensors.reduce((sum, tensor) => sum + tensor.bytes * tensor.count, 0) };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
}
