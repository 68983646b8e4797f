import type { Topology } from '../circuit/topology.js';
import type { PassShape } from '../pass/pass-plan.js';
import type { Layout } from '../model/layout.js';
import { planned, planRun, type RunLimits, type RunPlan } from '../evaluate/memory-plan.js';

/** Prompts to inspect, and of how many heads the attention is wanted. */
export interface InspectionSize {
  readonly prompts: number;
  /** Tokens of the longest prompt. */
  readonly sequence: number;
  readonly heads: number;
  /** Rows of outputs that are read of each prompt: see addWrittenRows. Default none. */
  readonly rows?: number;
}

/**
 * Shape of every tensor that an inspection makes beside those of the pass, in f32 elements; there is one of each, since
 * micro-batches are inspected one after the other.
 */
export function inspectionTensors(
  { writers, heads }: Topology,
  { width4, postNorms }: Layout,
  { prompts, sequence }: PassShape,
) {
  const tokens = prompts * sequence;
  const width = 4 * width4;
  const inNorms = postNorms ? 1 : 0;
  return {
    ids: [tokens],
    metricRows: [prompts],
    /** Writers' outputs at the metric positions through the final norm. */
    parts: [writers.length, prompts, width],
    /** Where norms come after the heads: outputs through those norms, and of the layer at hand what its norm reads. */
    throughNorms: [inNorms * writers.length, prompts, width],
    layerOutputs: [inNorms * heads, tokens, width],
    layerSum: [inNorms * tokens, width],
    /** The stream layer by layer, outputs that are added to it, and their sum where a norm comes after the heads. */
    stream: [tokens, width],
    addedOutputs: [heads, tokens, width],
    addedSum: [inNorms * tokens, width],
    layerSumRows: [inNorms * prompts, width],
    headsThroughNorm: [inNorms * heads, prompts, width],
    biasThroughNorm: [inNorms * prompts, width],
    /** The same of the constants: biases, and positions where no writer adds them; before and after the norm. */
    constants: [prompts, width],
    constantParts: [prompts, width],
    /** Per prompt the direction whose product with the norm's output is the logit difference. */
    directions: [prompts, width],
    dots: [writers.length, prompts],
    constantDots: [prompts],
    /** Means of `parts` over all prompts. */
    means: [writers.length, 1, width],
  } satisfies Record<string, readonly number[]>;
}

/**
 * How many prompts to inspect at once. The patterns of the heads wanted are copied out of the pass layer by layer;
 * their copies count as well, and so do the copies of the stream and of the rows of outputs.
 */
export function planInspection(
  topology: Topology,
  layout: Layout,
  { prompts, sequence, heads, rows = 0 }: InspectionSize,
  limits: RunLimits,
): RunPlan {
  const size = { prompts, sequence, directEdges: false, circuits: 1, resident: false };
  return planRun(topology, layout, size, limits, (shape) => {
    const pattern = [shape.prompts * sequence, sequence];
    const copies = Object.fromEntries(Array.from({ length: heads }, (_, i) => [`pattern ${i}`, pattern]));
    const tensors = inspectionTensors(topology, layout, shape);
    const used = [rows * shape.prompts, 4 * layout.width4];
    const read = { 'copy of the stream': tensors.stream, 'rows that are used': used, 'copy of these': used };
    return planned({ ...tensors, ...copies, ...read }, 1);
  });
}
