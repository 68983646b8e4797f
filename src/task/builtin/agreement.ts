import type { TaskTemplate } from '../template.js';
import { wordList } from './word-list.js';

/** Nouns whose plural ends in -s. */
const nouns: readonly string[] = wordList(`
  dog cat bird horse student teacher doctor lawyer worker driver farmer writer singer artist player soldier
  tree house car train ship book letter picture table chair window door garden school river lake mountain song computer
  phone
`);

/** `SUBJECT` decides the verb; `OTHER` is a noun in between that must not. */
const frames: readonly string[] = [
  'Everyone knew that the {quality} SUBJECT',
  'I think the SUBJECT near the OTHER',
  'The SUBJECT behind the OTHER',
  'In the morning the SUBJECT beside the {quality} OTHER',
  'The SUBJECT that the OTHER liked',
];

const verbs = { one: [' is', ' was', ' has'], many: [' are', ' were', ' have'] };

function templatesOf(frame: string): TaskTemplate['templates'] {
  const others = frame.includes('OTHER') ? (['one', 'many'] as const) : (['one'] as const);
  return others.flatMap((other) => {
    const text = (number: 'one' | 'many'): string =>
      frame.replace('SUBJECT', `{noun:${number}}`).replace('OTHER', `{noun.2:${other}}`);
    return [
      { clean: text('one'), corrupted: text('many'), correct: verbs.one, wrong: verbs.many },
      { clean: text('many'), corrupted: text('one'), correct: verbs.many, wrong: verbs.one },
    ];
  });
}

/** Subject-verb agreement, also across a noun of the other number; corrupted is the subject's other number. */
export const agreement: TaskTemplate = {
  description: 'subject-verb agreement: "The dogs behind the tree" -> " are", " were" or " have"',
  seed: 16,
  count: 200,
  words: {
    noun: nouns.map((noun) => ({ one: noun, many: `${noun}s` })),
    quality: wordList('old new small big famous strange beautiful quiet tall young'),
  },
  templates: frames.flatMap(templatesOf),
};
