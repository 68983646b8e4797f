import type { PromptPair } from './types.js';

/** What a prompt pair must fit. */
export interface PairLimits {
  /** Size of the model's vocabulary. */
  readonly vocab: number;
  /** Most tokens of a prompt. */
  readonly maxPositions: number;
}

/** A fault of a pair: its kind, and the fault in words. */
export interface PairFault {
  readonly kind: 'length' | 'long' | 'id' | 'position';
  readonly what: string;
}

/**
 * The first fault of a prompt pair, or undefined: what every evaluator takes for granted. Both prompts are equally long
 * and within the model's positions, the position and the tokens of the answer lie inside the prompt, and every token id
 * is one of the model.
 *
 * @param given the position as a file spells it, where negative ones count from the end.
 */
export function pairFault(
  pair: PromptPair,
  { vocab, maxPositions }: PairLimits,
  given?: number,
): PairFault | undefined {
  const { clean, corrupted, position, correct, wrong, answer = [] } = pair;
  const length = clean.length;
  if (length !== corrupted.length) {
    const what = `clean has ${length} tokens and corrupted ${corrupted.length}, expected equal lengths`;
    return { kind: 'length', what };
  }
  if (length > maxPositions) {
    return { kind: 'long', what: `the prompt has ${length} tokens, the model takes at most ${maxPositions}` };
  }
  for (const [field, ids] of Object.entries({ clean, corrupted, correct, wrong, answer })) {
    const outside = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocab));
    if (outside !== undefined) {
      return { kind: 'id', what: `${field} holds token id ${outside}, expected 0 to ${vocab - 1}` };
    }
  }
  if (!(Number.isInteger(position) && position >= 0 && position < length)) {
    const expected = `expected ${given === undefined ? 0 : -length} to ${length - 1}`;
    const what = `position ${given ?? position} is outside the prompt of ${length} tokens (${expected})`;
    return { kind: 'position', what };
  }
  if (position + answer.length > length) {
    return { kind: 'position', what: `the prompt ends before the answer of ${answer.length} tokens` };
  }
  return undefined;
}
