import { rowOf } from '../../block/place-parts.js';
import { PLAIN_RULES } from '../../block/rules.js';
import type { Topology } from '../../circuit/topology.js';
import { paddedTokens } from '../../evaluate/prompt-batch.js';
import { Arena } from '../../gpu/arena.js';
import { GradientPass } from '../../gradient/gradient-pass.js';
import type { ModelWeights } from '../../model/weights.js';
import { planUncut, type TensorsBeside } from '../uncut-plan.js';
import type { RunPrompt } from '../uncut-runs.js';

/** Prompts that share a pass, whose tokens are on the device. */
export interface UncutBatch<P extends RunPrompt> {
  readonly pass: GradientPass;
  /** Lives as long as the batch. */
  readonly arena: Arena;
  readonly prompts: readonly P[];
  /** Token rows of their positions. */
  readonly rows: readonly number[];
}

/**
 * Hands over prompts, as many at once as fit, with a pass of the uncut model that is to be recorded over them.
 *
 * @throws EdgewiseError of kind device, with the numbers, where one prompt does not fit.
 */
export async function inUncutBatches<P extends RunPrompt>(
  weights: ModelWeights,
  topology: Topology,
  prompts: readonly P[],
  { budget, beside }: { readonly budget: number; readonly beside: TensorsBeside },
  each: (batch: UncutBatch<P>) => Promise<void>,
): Promise<void> {
  const { gpu } = weights;
  const sequence = prompts.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const { shape } = planUncut(topology, weights, { prompts: prompts.length, sequence }, budget, beside);
  const pass = await GradientPass.create(weights, topology, shape, { input: 'token', rules: PLAIN_RULES });
  try {
    for (let first = 0; first < prompts.length; first += shape.prompts) {
      const part = prompts.slice(first, first + shape.prompts);
      const ids = part.map((prompt) => prompt.ids);
      gpu.upload(pass.frame.tensors.cleanIds, paddedTokens(shape, ids));
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
