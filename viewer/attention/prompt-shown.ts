import type { PromptDetails } from '../../src/circuit/details.js';

/** The prompt that a part of the page shows. */
export interface PromptShown {
  /** Index of the prompt. Null = mean over all prompts. */
  readonly prompt: number | null;
  /** Why it is not the prompt that was asked for, or not the mean. Null: it is. */
  readonly note: string | null;
}

/** What was measured on the prompts. */
export interface Measured {
  /** In words: `this run`. */
  readonly what: string;
  /** Prompts on which it was measured: the first ones. */
  readonly count: number;
  /** In what the prompts differ, so that there is no mean. Null: there is one. */
  readonly differ: string | null;
}

/** The prompt that is asked for, or the mean. Where the file has not that, the first prompt stands for it. */
export function promptShown(
  prompts: readonly PromptDetails[],
  { what, count, differ }: Measured,
  asked: number | null,
): PromptShown {
  if (asked !== null && asked < count) return { prompt: asked, note: null };
  if (count < prompts.length) {
    const which = count === 1 ? 'for prompt 1' : `for prompts 1 to ${count}`;
    return { prompt: 0, note: `prompt 1: the file keeps ${what} ${which} alone` };
  }
  if (prompts.length === 1) return { prompt: 0, note: null };
  return differ === null
    ? { prompt: null, note: null }
    : { prompt: 0, note: `prompt 1: no mean, prompts differ in ${differ}` };
}

export function haveEqualLengths(prompts: readonly PromptDetails[]): boolean {
  return prompts.every(({ clean }) => clean.length === prompts[0]!.clean.length);
}
