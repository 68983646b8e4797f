import type { TaskTemplate } from '../template.js';
import { femaleNames, maleNames } from './names.js';
import { wordList } from './word-list.js';

/** `FIRST` and `SECOND` are the two names, `AGAIN` the one that is repeated. */
const frames: readonly string[] = [
  'When FIRST and SECOND walked to the {place}, AGAIN gave a {object} to',
  'After FIRST and SECOND had met at the {place}, AGAIN handed the {object} to',
  'Last week FIRST and SECOND were at the {place}. There AGAIN offered a {object} to',
  'While FIRST and SECOND stood outside the {place}, AGAIN passed the {object} to',
  'The friends FIRST and SECOND left the {place}. Then AGAIN sold the old {object} to',
  'As soon as FIRST and SECOND found a {object} in the {place}, AGAIN showed it to',
];

function fill(frame: string, first: string, second: string, again: string): string {
  return frame.replace('FIRST', first).replace('SECOND', second).replace('AGAIN', again);
}

/** Indirect-object identification, orders ABB and BAB: {name} is the answer, {name.2} the subject. */
export const ioi: TaskTemplate = {
  description: 'indirect object: "When Mary and John walked to the shop, John gave a book to" -> " Mary"',
  seed: 11,
  count: 200,
  words: {
    name: [...femaleNames, ...maleNames],
    place: wordList(
      'shop park school station office garden church market bank library hotel beach museum theatre farm',
    ),
    object: wordList('book ball ring drink letter map key coin hat lamp flower camera knife ticket basket'),
  },
  templates: frames.flatMap((frame) => [
    {
      clean: fill(frame, '{name}', '{name.2}', '{name.2}'),
      corrupted: fill(frame, '{name.3}', '{name.4}', '{name.5}'),
    },
    {
      clean: fill(frame, '{name.2}', '{name}', '{name.2}'),
      corrupted: fill(frame, '{name.3}', '{name.4}', '{name.5}'),
    },
  ]),
  correct: ' {name}',
  wrong: ' {name.2}',
};
