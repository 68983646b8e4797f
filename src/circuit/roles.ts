import type { Role } from './details.js';

/** A prompt whose tokens are told apart by their ids, or by their texts as they stand, leading spaces included. */
export interface RolePrompt<T extends number | string> {
  /** Tokens of both prompts, of the same length. */
  readonly clean: readonly T[];
  readonly corrupted: readonly T[];
  /** Index of the token whose prediction is measured. */
  readonly position: number;
  /** First tokens of right and of wrong answers. */
  readonly correct: readonly T[];
  readonly wrong: readonly T[];
}

/**
 * What each token of the clean prompt is to its prompt. A token has the first of these roles that fits:
 *
 * - `answer`: it is a right answer, at every mention
 * - `wrong-first`, `wrong-later`: it is a wrong answer, at its first mention and at those after it
 * - `changed`: the corrupted prompt has another token there
 * - `measured`: what comes after it is measured
 * - `first`: it begins the prompt
 * - `other`
 */
export function rolesOf<T extends number | string>(prompt: RolePrompt<T>): Role[] {
  const { clean, corrupted, position } = prompt;
  const correct = new Set(prompt.correct);
  const wrong = new Set(prompt.wrong);
  const mentioned = new Set<T>();
  return clean.map((token, at): Role => {
    if (correct.has(token)) return 'answer';
    if (wrong.has(token)) {
      const isLater = mentioned.has(token);
      mentioned.add(token);
      return isLater ? 'wrong-later' : 'wrong-first';
    }
    if (token !== corrupted[at]) return 'changed';
    if (at === position) return 'measured';
    return at === 0 ? 'first' : 'other';
  });
}
