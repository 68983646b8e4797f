import type { PromptPair, Task } from '../task/types.js';
import { derangement } from './draws.js';

/** What a prompt gets of another one in a null control. */
export type Shuffled = 'answers' | 'clean predictions';

/** A task whose prompts have lost what they are about, and how well they have. */
export interface NullTask {
  readonly task: Task;
  readonly shuffled: Shuffled;
  /** Prompts that got an answer equal to their own, because too few prompts have another. */
  readonly unchanged: number;
}

/**
 * The same prompts with each other's answers, none with its own. Where the metric reads no answer but compares with the
 * clean prediction, the predictions are shuffled instead.
 *
 * @param task of two prompts or more.
 */
export function nullTask(task: Task, shuffled: Shuffled, seed: number): NullTask {
  const { pairs } = task;
  const answers = pairs.map(({ correct, wrong, answer }) => JSON.stringify([correct, wrong, answer]));
  const prompts = pairs.map(({ clean, position }) => JSON.stringify([clean, position]));
  const own = shuffled === 'answers' ? answers : prompts;
  const from = derangement(own, seed);
  const take = shuffled === 'answers' ? withAnswers : withPrediction;
  return {
    task: { ...task, pairs: pairs.map((pair, prompt) => take(pair, pairs[from[prompt]!]!)) },
    shuffled,
    unchanged: from.filter((other, prompt) => own[prompt] === own[other]).length,
  };
}

/** The prompts of a whole answer end in its tokens but the last: they end in the other answer's then. */
function withAnswers({ answer, ...pair }: PromptPair, other: PromptPair): PromptPair {
  const { correct, wrong } = other;
  if (answer === undefined && other.answer === undefined) return { ...pair, correct, wrong };
  const fed = other.answer?.slice(0, -1) ?? [];
  const stem = (ids: readonly number[]): readonly number[] => [...ids.slice(0, pair.position + 1), ...fed];
  const ends = { clean: stem(pair.clean), corrupted: stem(pair.corrupted) };
  return { ...pair, ...ends, correct, wrong, ...(other.answer && { answer: other.answer }) };
}

function withPrediction(pair: PromptPair, { clean, position }: PromptPair): PromptPair {
  return { ...pair, reference: { clean, position } };
}
