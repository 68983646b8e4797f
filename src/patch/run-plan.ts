import { EdgewiseError } from '../base/errors.js';
import type { Topology } from '../circuit/topology.js';
import { batchTensors, layerTensors, passTensors, tensorBytes, type PassShape } from '../exec/pass-plan.js';
import type { Layout } from '../model/layout.js';

/** What a run asks for. */
export interface RunSize {
  readonly prompts: number;
  /** Tokens of the longest prompt. */
  readonly sequence: number;
  /** Circuits may cut direct edges. */
  readonly directEdges: boolean;
  /** Circuits evaluated in one submission. */
  readonly circuits: number;
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
  /** How many of it there are: one per pass, or one per micro-batch of prompts. */
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

/**
 * Decides before anything is allocated how many prompts go through a pass at once: all of them if every tensor fits a
 * binding and the sum fits the budget, otherwise the largest equal share that does.
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
  let plan = tabulate(topology, layout, size, size.prompts, beside);
  const fits = (candidate: RunPlan): boolean =>
    candidate.bytes <= limits.budget &&
    candidate.tensors.every((tensor) => tensor.bytes <= limits.maxBinding) &&
    largestGrid(layout, candidate.shape) <= limits.maxWorkgroups;
  while (!fits(plan) && plan.shape.prompts > 1) {
    const next = Math.min(plan.shape.prompts - 1, Math.ceil(size.prompts / (plan.microBatches + 1)));
    plan = tabulate(topology, layout, size, next, beside);
  }
  if (fits(plan)) return plan;
  const widest = plan.tensors.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const what =
    widest.bytes > limits.maxBinding
      ? `${widest.name} takes ${megabytes(widest.bytes)} for a single prompt, this adapter binds at most ${megabytes(limits.maxBinding)}`
      : `the run takes ${megabytes(plan.bytes)} one prompt at a time, the limit is ${megabytes(limits.budget)}`;
  throw new EdgewiseError('device', 'memory plan', `${what} (${size.prompts} prompts of ${size.sequence} tokens)`);
}

/** Workgroups of the kernels that give an invocation to four columns of a token, or a workgroup to eight tokens. */
function largestGrid(layout: Layout, { prompts, sequence }: PassShape): number {
  const tokens = prompts * sequence;
  return Math.ceil(tokens * Math.max(Math.max(layout.width4, layout.head4) / 64, 1 / 8));
}

function tabulate(topology: Topology, layout: Layout, size: RunSize, prompts: number, beside: TensorsBeside): RunPlan {
  const shape: PassShape = { prompts, sequence: size.sequence, circuits: size.circuits };
  const microBatches = Math.ceil(size.prompts / prompts);
  const row = ([name, dimensions]: [string, readonly number[]], count: number): PlannedTensor => ({
    name,
    shape: dimensions,
    bytes: tensorBytes(dimensions),
    count,
  });
  const further = beside(shape, microBatches);
  const tensors = [
    ...Object.entries(passTensors(topology, layout, shape)).map((entry) => row(entry, 1)),
    ...Object.entries(layerTensors(topology, layout, shape)).map((entry) => row(entry, topology.layers)),
    ...Object.entries(further.tensors).map((entry) => row(entry, further.count)),
  ];
  return { shape, microBatches, tensors, bytes: tensors.reduce((sum, tensor) => sum + tensor.bytes * tensor.count, 0) };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
}
