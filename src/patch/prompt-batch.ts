import type { Topology } from '../circuit/topology.js';
import { batchTensors, type PassShape } from '../exec/pass-plan.js';
import type { PassInputs } from '../exec/input-operations.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';

/** The prompts of one pass on the device. Fewer prompts than the pass holds are filled up; the filling is never read. */
export interface PromptBatch {
  readonly pairs: readonly PromptPair[];
  readonly clean: PassInputs;
  /** Same prompts, corrupted tokens; its cut edges carry the same values. */
  readonly corrupted: PassInputs;
  readonly ablated: Tensor;
  readonly ablatedPorts: Tensor | undefined;
  /** Clean log-probabilities at the metric positions. */
  readonly reference: Tensor;
}

/** Prompts in groups of at most `size`. */
export function inBatches(pairs: readonly PromptPair[], size: number): (readonly PromptPair[])[] {
  const batches: (readonly PromptPair[])[] = [];
  for (let first = 0; first < pairs.length; first += size) batches.push(pairs.slice(first, first + size));
  return batches;
}

/** One side of the prompts as token ids [T], padded on the right with token 0. */
export function uploadIds(
  arena: Arena,
  shape: PassShape,
  pairs: readonly PromptPair[],
  side: 'clean' | 'corrupted',
): Tensor {
  const tokens = new Uint32Array(shape.prompts * shape.sequence);
  pairs.forEach((pair, n) => tokens.set(pair[side], n * shape.sequence));
  return arena.upload(`${side} tokens`, tokens);
}

/** Per prompt the token (of all T) whose prediction is measured; token 0 for prompts that fill up the pass. */
export function uploadMetricRows(arena: Arena, shape: PassShape, pairs: readonly PromptPair[]): Tensor {
  const rows = new Uint32Array(shape.prompts);
  pairs.forEach((pair, n) => (rows[n] = n * shape.sequence + pair.position));
  return arena.upload('metric rows', rows);
}

/** Cuts prompts into batches of `shape.prompts` and uploads their tokens; what edges carry is for the caller to fill in. */
export function uploadPrompts(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: PassShape,
  pairs: readonly PromptPair[],
  direct: boolean,
): PromptBatch[] {
  const table = batchTensors(topology, weights.layout, shape, direct);
  return inBatches(pairs, shape.prompts).map((part) => {
    const metricRows = uploadMetricRows(arena, shape, part);
    const ablated = arena.tensor('ablated writers', table.ablated);
    const ablatedPorts = direct ? arena.tensor('ablated ports', table.ablatedPorts) : undefined;
    const inputs = (ids: Tensor): PassInputs => ({ ids, metricRows, ablated, ablatedPorts });
    return {
      pairs: part,
      clean: inputs(uploadIds(arena, shape, part, 'clean')),
      corrupted: inputs(uploadIds(arena, shape, part, 'corrupted')),
      ablated,
      ablatedPorts,
      reference: arena.tensor('clean log-probabilities', table.reference),
    };
  });
}
