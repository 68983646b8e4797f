import type { Topology } from '../circuit/topology.js';
import { largestShare, planned, totalBytes, type MemoryTable } from '../evaluate/memory-plan.js';
import { gradientLayerTensors, gradientTensors, type GradientShape } from '../gradient/gradient-plan.js';
import type { ModelWeights } from '../model/weights.js';

/** Most bytes of log-probabilities that a pass gives to the host, and most tokens that fill a device. */
const MAX_LOGITS = 32e6;
const MAX_TOKENS = 4096;

/**
 * How many runs share a pass, decided before anything is allocated; results do not depend on it.
 *
 * @throws EdgewiseError of kind device with the numbers where one prompt at a time does not fit.
 */
export function planRuns(
  topology: Topology,
  { gpu, layout }: Pick<ModelWeights, 'gpu' | 'layout'>,
  { prompts, sequence }: GradientShape,
  budget: number,
): MemoryTable {
  const most = Math.max(1, Math.floor(Math.min(MAX_LOGITS / (4 * layout.vocabStride), MAX_TOKENS / sequence)));
  // The same number of passes, each as full as the others: a pass takes as long however many of its runs are wanted.
  const worthwhile = Math.ceil(prompts / Math.ceil(prompts / most));
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget };
  return largestShare({ prompts: worthwhile, sequence }, layout, limits, (count) => {
    const shape = { prompts: count, sequence };
    const tensors = [
      ...planned(gradientTensors(topology, layout, shape), 1),
      ...planned(gradientLayerTensors(topology, layout, shape), topology.layers),
    ];
    return { shape, microBatches: Math.ceil(worthwhile / count), tensors, bytes: totalBytes(tensors) };
  });
}
