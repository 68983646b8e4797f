import type { TaskTemplate } from '../template.js';
import { wordList } from './word-list.js';

/** A function with `args` arguments and a docstring that has come to the one after `documented`. */
export function completion(args: readonly number[], documented: readonly number[]): TaskTemplate['templates'][number] {
  const slot = (arg: number): string => `{arg.${arg}}`;
  const prompt = (inCode: readonly number[], inDoc: readonly number[]): string =>
    [
      `def {function}(self, ${inCode.map(slot).join(', ')}):`,
      '    """{verb} the {thing}',
      '',
      ...inDoc.map((arg, i) => `    :param ${slot(arg)}: the {thing.${i + 2}}`),
      '    :param',
    ].join('\n');
  const asked = (documented.at(-1) ?? 0) + 1;
  return {
    clean: prompt(args, documented),
    // Names that occur nowhere else, in the code and, independently, in the docstring.
    corrupted: prompt(
      args.map((arg) => arg + 10),
      documented.map((arg) => arg + 20),
    ),
    correct: ` ${slot(asked)}`,
    wrong: args.filter((arg) => arg !== asked).map((arg) => ` ${slot(arg)}`),
  };
}

/** Argument names in a docstring, in the order of the function's head; the documented ones may start at the second. */
export const docstring: TaskTemplate = {
  description: 'docstring: the next ":param" of a Python function -> the next argument name',
  seed: 15,
  count: 200,
  words: {
    function: wordList('load save send read write find check move copy start stop build'),
    verb: wordList('Load Save Send Read Write Find Check Move Copy Start Stop Build'),
    thing: wordList('data result current first new old main local final next original given common full whole'),
    arg: wordList(`
      name path size files key value index count type mode label title color width height depth start end limit offset
      date time year user group level state image source target node list item text code format version option length
      weight score rate shape model layer event error message address port host
    `),
  },
  templates: [
    completion([1, 2, 3, 4], [1]),
    completion([1, 2, 3, 4], [1, 2]),
    completion([1, 2, 3, 4], [2]),
    completion([1, 2, 3, 4, 5], [2, 3]),
    completion([1, 2, 3, 4, 5], [1, 2, 3]),
  ],
};
