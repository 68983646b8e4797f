import type { TaskTemplate } from '../template.js';
import { wordList } from './word-list.js';

/** A list of `length` words, then its first `known` words again; the next one is asked for. */
function repeated(length: number, known: number): TaskTemplate['templates'][number] {
  const slots = (from: number, count: number): string =>
    Array.from({ length: count }, (_, i) => `{word.${from + i}}`).join(' ');
  return {
    clean: `Words: ${slots(1, length)} ${slots(1, known)}`,
    // Other words the first time: nothing tells what follows the last word any more.
    corrupted: `Words: ${slots(length + 1, length)} ${slots(1, known)}`,
    correct: ` {word.${known + 1}}`,
    wrong: ` {word.${known + 2}}`,
  };
}

/** Induction on random words. */
export const induction: TaskTemplate = {
  description: 'induction: "Words: tree book rain gold milk tree book" -> " rain"',
  seed: 13,
  count: 200,
  words: {
    word: wordList(`
      tree book rain gold milk stone river cloud bread chair table window door house wall floor road bridge train ship
      wheel engine paper pencil glass bottle plate spoon sugar salt pepper rice meat fish bird horse sheep wolf bear lion
      snow wind fire smoke sand grass leaf root seed fruit apple orange lemon cherry silver iron steel copper wood cotton
      silk wool shirt coat shoe belt watch clock bell drum piano song dance film story poem page word line circle square
      corner center edge top side north south east west spring summer autumn winter morning evening night moon star sun
      earth ocean island hill valley desert forest field lake
    `),
  },
  templates: [repeated(5, 2), repeated(6, 4), repeated(7, 3), repeated(8, 5), repeated(9, 4), repeated(10, 7)],
};
