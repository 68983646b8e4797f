import type { Topology } from '../circuit/topology.js';
import { gradientLayerTensors, gradientTensors, type GradientShape } from '../gradient/gradient-plan.js';
import type { Layout } from '../model/layout.js';
import type { Granularity } from '../circuit/run-identity.js';
import {
  largestShare,
  planned,
  plannedAnswers,
  totalBytes,
  type MemoryTable,
  type RunLimits,
} from '../evaluate/memory-plan.js';

export interface AttributionSize extends GradientShape {
  readonly granularity: Granularity;
  /** Means of mean ablation per position; 1 where it is one mean, 0 where there is none. */
  readonly meanGroups: number;
  /** Scratch tensors of a method, beside the pass's. */
  readonly scratch?: (shape: GradientShape) => Readonly<Record<string, readonly number[]>>;
}

export interface AttributionPlan extends MemoryTable {
  readonly shape: GradientShape;
}

/** Shapes of the scores that one micro-batch adds up, prompt by prompt, in f32 elements. */
export function scoreTensors(
  topology: Topology,
  layout: Layout,
  granularity: Granularity,
  prompts: number,
): { readonly edges: readonly number[]; readonly nodes: readonly number[] | undefined } {
  const writers = topology.writers.length;
  const nodes = { edge: undefined, node: [prompts, writers], neuron: [prompts, writers, 4 * layout.width4] };
  return { edges: [prompts, topology.additionEdges], nodes: nodes[granularity] };
}

/** How many prompts an attribution takes at once, decided before anything is allocated; scores do not depend on it. */
export function planAttribution(
  topology: Topology,
  layout: Layout,
  size: AttributionSize,
  limits: RunLimits,
): AttributionPlan {
  return largestShare(size, layout, limits, (prompts) => {
    const { sequence, answered } = size;
    const shape = { prompts, sequence, ...(answered && { answered }) };
    const { edges, nodes = [0] } = scoreTensors(topology, layout, size.granularity, prompts);
    const tensors = [
      ...planned(gradientTensors(topology, layout, shape), 1),
      ...planned(gradientLayerTensors(topology, layout, shape), topology.layers),
      ...planned({ edgeScores: edges, nodeScores: nodes }, 1),
      ...planned({ means: [size.meanGroups * topology.writers.length, 4 * layout.width4] }, 1),
      ...(answered ? plannedAnswers(layout, shape, answered.length, 1) : []),
      ...planned(size.scratch?.(shape) ?? {}, 1),
    ];
    return { shape, microBatches: Math.ceil(size.prompts / prompts), tensors, bytes: totalBytes(tensors) };
  });
}
