/** Models and prompts whose nodes are inspected. */
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec } from '../../src/model/random-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { PromptPair } from '../../src/task/types.js';
import { randomNumbers } from './random.js';

/** Odd sizes. */
export const odd = gpt2Spec({
  layers: 3,
  heads: 3,
  headWidth: 7,
  mlpWidth: 22,
  vocab: 151,
  maxPositions: 9,
  tied: false,
});

export const directory = async (path: string): Promise<LoadedModel> => openModel(await openModelDirectory(path));

/** Prompts of 1 to 9 tokens, measured in the middle or at the end, with one to four answers. */
export function mixedPairs(vocab: number): PromptPair[] {
  const random = randomNumbers(11);
  return [9, 1, 4, 6, 7].map((length, n) => {
    const answers = random.sample(
      Array.from({ length: vocab }, (_, id) => id),
      5,
    );
    return {
      clean: random.ids(length, vocab),
      corrupted: random.ids(length, vocab),
      position: n === 3 ? 2 : length - 1,
      correct: answers.slice(0, 1 + (n % 3)),
      wrong: answers.slice(3, 4 + (n % 2)),
    };
  });
}
