/** Right and wrong answers of one prompt, as token ids. */
export interface Answers {
  readonly correct: readonly number[];
  readonly wrong: readonly number[];
}

/** The layout that kernels/answer_scores.wgsl reads: per prompt offset and count of both lists, then the ids. */
export function answerLists(answers: readonly Answers[]): Uint32Array<ArrayBuffer> {
  const words: number[] = new Array<number>(4 * answers.length).fill(0);
  answers.forEach(({ correct, wrong }, n) => {
    words.splice(4 * n, 4, words.length, correct.length, words.length + correct.length, wrong.length);
    words.push(...correct, ...wrong);
  });
  return Uint32Array.from(words);
}
