import { RowFault, type FaultKind } from './fault.js';
import type { PromptPair } from './types.js';

/** What a prompt pair must fit. */
export interface PairLimits {
  /** Size of the model's vocabulary. */
  readonly vocab: number;
  /** Most tokens of a prompt. */
  readonly maxPositions: number;
}

/**
 * Checks what every evaluator takes for granted of a prompt pair: equal lengths within the model's positions, a
 * position inside of the prompt, and token ids of the model.
 *
 * @param where names the pair, for messages.
 * @param given the position as a file spells it, where negative ones count from the end.
 * @throws RowFault, an EdgewiseError of kind task.
 */
export function checkPair(pair: PromptPair, { vocab, maxPositions }: PairLimits, where: string, given?: number): void {
  const { clean, corrupted, position } = pair;
  const length = clean.length;
  const fail = (kind: FaultKind, what: string): never => {
    throw new RowFault(kind, where, what);
  };
  if (length !== corrupted.length) {
    fail('length', `clean has ${length} tokens and corrupted ${corrupted.length}, expected equal lengths`);
  }
  if (length > maxPositions) fail('long', `the prompt has ${length} tokens, the model takes at most ${maxPositions}`);
  for (const field of ['clean', 'corrupted', 'correct', 'wrong', 'answer'] as const) {
    const outside = (pair[field] ?? []).find((id) => !(Number.isInteger(id) && id >= 0 && id < vocab));
    if (outside !== undefined) fail('id', `${field} holds token id ${outside}, expected 0 to ${vocab - 1}`);
  }
  if (!(Number.isInteger(position) && position >= 0 && position < length)) {
    const expected = `expected ${given === undefined ? 0 : -length} to ${length - 1}`;
    fail('position', `position ${given ?? position} is outside the prompt of ${length} tokens (${expected})`);
  }
  const measured = position + (pair.answer?.length ?? 1);
  if (measured > length) fail('length', `the prompt ends before the answer of ${pair.answer?.length} tokens`);
}
