import { rowOf } from '../../block/place-parts.js';
import { PLAIN_RULES } from '../../block/rules.js';
import type { Topology } from '../../circuit/topology.js';
import { largestShare, planned, totalBytes, type MemoryTable } from '../../evaluate/memory-plan.js';
import { Arena } from '../../gpu/arena.js';
import { GradientPass } from '../../gradient/gradient-pass.js';
import { gradientLayerTensors, gradientTensors, type GradientShape } from '../../gradient/gradient-plan.js';
import type { ModelWeights } from '../../model/weights.js';

/** A text in tokens, and the position at which it is looked at. */
export interface UncutPrompt {
  readonly ids: readonly number[];
  readonly position: number;
}

/** Prompts that share a pass, whose tokens are on the device. */
export interface UncutBatch<P extends UncutPrompt> {
  readonly pass: GradientPass;
  /** Lives as long as the batch. */
  readonly arena: Arena;
  readonly prompts: readonly P[];
  /** Token rows of their positions. */
  readonly rows: readonly number[];
}

/** What a batch takes beside the pass, in f32 elements. */
export type TensorsBeside = (shape: GradientShape) => Readonly<Record<string, readonly number[]>>;

/**
 * Hands over prompts, as many at once as fit, with a pass of the uncut model that is to be recorded over them.
 *
 * @throws EdgewiseError of kind device, with the numbers, where one prompt does not fit.
 */
export async function inUncutBatches<P extends UncutPrompt>(
  weights: ModelWeights,
  topology: Topology,
  prompts: readonly P[],
  { budget, beside }: { readonly budget: number; readonly beside: TensorsBeside },
  each: (batch: UncutBatch<P>) => Promise<void>,
): Promise<void> {
  const { gpu } = weights;
  const { shape } = planUncut(weights, topology, prompts, budget, beside);
  const pass = await GradientPass.create(weights, topology, shape, { input: 'token', rules: PLAIN_RULES });
  try {
    for (let first = 0; first < prompts.length; first += shape.prompts) {
      const part = prompts.slice(first, first + shape.prompts);
      const ids = new Uint32Array(shape.prompts * shape.sequence);
      part.forEach((prompt, n) => ids.set(prompt.ids, n * shape.sequence));
      gpu.upload(pass.frame.tensors.cleanIds, ids);
      const arena = new Arena(gpu);
      try {
        await each({ pass, arena, prompts: part, rows: part.map(({ position }, n) => rowOf(shape, n, position)) });
      } finally {
        arena.dispose();
      }
    }
  } finally {
    pass.dispose();
  }
}

function planUncut(
  { gpu, layout }: ModelWeights,
  topology: Topology,
  prompts: readonly UncutPrompt[],
  budget: number,
  beside: TensorsBeside,
): MemoryTable {
  const sequence = prompts.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget };
  return largestShare({ prompts: prompts.length, sequence }, layout, limits, (at) => {
    const shape = { prompts: at, sequence };
    const tensors = [
      ...planned(gradientTensors(topology, layout, shape), 1),
      ...planned(gradientLayerTensors(topology, layout, shape), topology.layers),
      ...planned(beside(shape), 1),
    ];
    return { shape, microBatches: Math.ceil(prompts.length / at), tensors, bytes: totalBytes(tensors) };
  });
}
