import type { DetectorName } from './details.js';

/** Whether a head of that kind attends from token i to token j, j <= i. Tokens are ids, or texts. */
export const HEAD_TEMPLATES: Readonly<
  Record<DetectorName, (tokens: readonly (number | string)[], i: number, j: number) => boolean>
> = {
  previous_token: (_, i, j) => j === i - 1,
  duplicate_token: (tokens, i, j) => j < i && tokens[j] === tokens[i],
  // To the token after an earlier occurrence of this one.
  induction: (tokens, i, j) => j >= 1 && tokens[j - 1] === tokens[i],
};
