import type { Topology } from '../circuit/topology.js';
import { largestShare, planned, totalBytes, type MemoryTable } from '../evaluate/memory-plan.js';
import { gradientLayerTensors, gradientTensors, type GradientShape } from '../gradient/gradient-plan.js';
import type { ModelWeights } from '../model/weights.js';

/** Most bytes of log-probabilities that a pass gives to the host, and most tokens that fill a device. */
const MAX_LOGITS = 32e6;
const MAX_TOKENS = 4096;

/** What is taken beside the pass, in f32 elements. */
export type TensorsBeside = (shape: GradientShape) => Readonly<Record<string, readonly number[]>>;

/**
 * How many prompts of a size share a pass of the uncut model, decided before anything is allocated; results do not
 * depend on it.
 *
 * @throws EdgewiseError of kind device with the numbers where one prompt at a time does not fit.
 */
export function planUncut(
  topology: Topology,
  { gpu, layout }: Pick<ModelWeights, 'gpu' | 'layout'>,
  { prompts, sequence }: GradientShape,
  budget: number,
  beside: TensorsBeside = () => ({}),
): MemoryTable {
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget };
  return largestShare({ prompts, sequence }, layout, limits, (count) => {
    const shape = { prompts: count, sequence };
    const tensors = [
      ...planned(gradientTensors(topology, layout, shape), 1),
      ...planned(gradientLayerTensors(topology, layout, shape), topology.layers),
      ...planned(beside(shape), 1),
    ];
    return { shape, microBatches: Math.ceil(prompts / count), tensors, bytes: totalBytes(tensors) };
  });
}

/**
 * So many of the runs are worth a place in one pass: no more than fill a device, and every pass as full as the others.
 */
export function worthwhileRuns({ layout }: Pick<ModelWeights, 'layout'>, { prompts, sequence }: GradientShape): number {
  const most = Math.max(1, Math.floor(Math.min(MAX_LOGITS / (4 * layout.vocabStride), MAX_TOKENS / sequence)));
  // A pass takes as long however many of its runs are wanted.
  return Math.ceil(prompts / Math.ceil(prompts / most));
}
