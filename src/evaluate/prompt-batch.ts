import type { Topology } from '../circuit/topology.js';
import { batchTensors, type PassShape } from '../pass/pass-plan.js';
import type { PassInputs } from '../pass/pass-inputs.js';
import { rowLists } from '../pass/row-lists.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';

/**
 * The prompts of one pass on the device. Fewer prompts than the pass holds are filled up; the filling is never read.
 */
export interface PromptBatch {
  readonly pairs: readonly PromptPair[];
  readonly clean: PassInputs;
  /** Same prompts, corrupted tokens; its cut edges carry the same values. */
  readonly corrupted: PassInputs;
  readonly ablated: Tensor;
  readonly ablatedProjections: Tensor | undefined;
  /** Clean log-probabilities at the metric positions. */
  readonly reference: Tensor;
}

/** Prompts in groups of at most `size`. */
export function inBatches(pairs: readonly PromptPair[], size: number): (readonly PromptPair[])[] {
  const batches: (readonly PromptPair[])[] = [];
  for (let first = 0; first < pairs.length; first += size) batches.push(pairs.slice(first, first + size));
  return batches;
}

/** Prompts as token ids [T], padded on the right with token 0. */
export function paddedTokens(
  { prompts, sequence }: { readonly prompts: number; readonly sequence: number },
  ids: readonly (readonly number[])[],
): Uint32Array<ArrayBuffer> {
  const tokens = new Uint32Array(prompts * sequence);
  ids.forEach((prompt, n) => tokens.set(prompt, n * sequence));
  return tokens;
}

/** The same of one side of pairs. */
export function paddedIds(
  shape: { readonly prompts: number; readonly sequence: number },
  pairs: readonly PromptPair[],
  side: 'clean' | 'corrupted',
): Uint32Array<ArrayBuffer> {
  return paddedTokens(
    shape,
    pairs.map((pair) => pair[side]),
  );
}

/** The same on the device. */
export function uploadIds(
  arena: Arena,
  shape: PassShape,
  pairs: readonly PromptPair[],
  side: 'clean' | 'corrupted',
): Tensor {
  return arena.upload(`${side} tokens`, paddedIds(shape, pairs, side));
}

/** First position at which the prompts of a pair differ; their length where they do not. */
export function firstDifference({ clean, corrupted }: PromptPair): number {
  const at = clean.findIndex((id, t) => id !== corrupted[t]);
  return at === -1 ? clean.length : at;
}

/**
 * Cuts prompts into batches of `shape.prompts` and uploads their tokens; what edges carry is for the caller to fill
 * in.
 *
 * @param resample cut edges carry what the corrupted prompt gives, which before its first difference is what the
 * clean one does.
 */
export function uploadPrompts(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: PassShape,
  pairs: readonly PromptPair[],
  { directEdges, resample }: { readonly directEdges: boolean; readonly resample: boolean },
): PromptBatch[] {
  const table = batchTensors(topology, weights.layout, shape, directEdges);
  return inBatches(pairs, shape.prompts).map((part) => {
    const rows = rowLists(
      shape,
      part.map((pair) => ({ position: pair.position, firstDifference: resample ? firstDifference(pair) : 0 })),
    );
    const ablated = arena.tensor('ablated writers', table.ablated);
    const ablatedProjections = directEdges ? arena.tensor('ablated projections', table.ablatedProjections) : undefined;
    const inputs = (ids: Tensor): PassInputs => ({ ids, rows, ablated, ablatedProjections });
    return {
      pairs: part,
      clean: inputs(uploadIds(arena, shape, part, 'clean')),
      corrupted: inputs(uploadIds(arena, shape, part, 'corrupted')),
      ablated,
      ablatedProjections,
      reference: arena.tensor('clean log-probabilities', table.reference),
    };
  });
}
