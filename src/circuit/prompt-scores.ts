import { EdgewiseError } from '../base/errors.js';
import { counted } from '../base/text.js';

/** Scores of every addition edge on every prompt. In float32, since there may be many: 32 million in 130 MB. */
export interface PromptScores {
  readonly prompts: number;
  /** Addition edges of the model. */
  readonly edges: number;
  /** [prompts, edges], row-major, loss form. NaN = not scored. Never written to after creation. */
  readonly values: Float32Array<ArrayBuffer>;
}

/**
 * Room for scores per prompt. What they take is compared with the budget before anything is allocated.
 *
 * @param budget most bytes.
 * @throws EdgewiseError of kind device with the numbers.
 */
export function roomForPromptScores(prompts: number, edges: number, budget: number): Float32Array<ArrayBuffer> {
  const bytes = Float32Array.BYTES_PER_ELEMENT * prompts * edges;
  if (!(bytes <= budget)) {
    const size = (value: number): string => `${(value / 1e9).toPrecision(3)} GB`;
    const what = `of ${counted(prompts, 'prompt')} and ${counted(edges, 'edge')} take ${size(bytes)}, the memory budget is ${size(budget)}; use fewer prompts, or allow more memory`;
    throw new EdgewiseError('device', 'scores per prompt', what);
  }
  return new Float32Array(prompts * edges);
}

/**
 * Mean over some prompts, each as often as it is named, added up in float64 in that order.
 *
 * @param rows indices of prompts, at least one.
 * @returns one value per addition edge.
 */
export function meanOfPrompts({ edges, values }: PromptScores, rows: readonly number[]): Float64Array {
  const sums = new Float64Array(edges);
  for (const row of rows) {
    const first = row * edges;
    for (let edge = 0; edge < edges; edge++) sums[edge]! += values[first + edge]!;
  }
  return sums.map((sum) => sum / rows.length);
}
