import type { PassShape } from './pass-plan.js';

/** A prompt of a pass as far as rows are concerned. */
export interface PromptExtent {
  /** Position whose prediction is measured. */
  readonly position: number;
  /** First position at which what cut edges carry can differ from the clean run. */
  readonly firstDifference: number;
}

/** Token rows (0 .. T - 1) of a pass, in ascending order, by what they are wanted for. */
export interface RowLists {
  /** Every token, padding included. */
  readonly every: Uint32Array<ArrayBuffer>;
  /**
   * Per prompt the positions from the first difference to the metric position. Before it, causal attention gives
   * every circuit the values of the whole model on the clean prompt; after it, nothing reaches the metric.
   */
  readonly differing: Uint32Array<ArrayBuffer>;
  /** The metric positions of prompts that have a difference up to there. */
  readonly metric: Uint32Array<ArrayBuffer>;
  /** The metric position of every prompt of the pass; the first token's of prompts that fill it up. */
  readonly logits: Uint32Array<ArrayBuffer>;
}

/** @param prompts at most `shape.prompts`. */
export function rowLists({ prompts: size, sequence }: PassShape, prompts: readonly PromptExtent[]): RowLists {
  const differing: number[] = [];
  const metric: number[] = [];
  prompts.forEach(({ position, firstDifference }, n) => {
    for (let t = firstDifference; t <= position; t++) differing.push(n * sequence + t);
    if (firstDifference <= position) metric.push(n * sequence + position);
  });
  return {
    every: Uint32Array.from({ length: size * sequence }, (_, t) => t),
    differing: Uint32Array.from(differing),
    metric: Uint32Array.from(metric),
    logits: Uint32Array.from({ length: size }, (_, n) => n * sequence + (prompts[n]?.position ?? 0)),
  };
}
