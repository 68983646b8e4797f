import type { TaskTemplate } from '../template.js';
import { femaleNames, maleNames } from './names.js';
import { wordList } from './word-list.js';

const frames: readonly string[] = [
  "So NAME is a really good {person}, isn't",
  'Everyone at the {place} likes NAME because',
  'When NAME came home from the {place},',
  'I asked NAME about the {place} and',
  'Yesterday NAME stayed at the {place} until',
  'My {person} NAME told me that',
];

/** The pronoun of a name; corrupted is a name of the other gender. */
export const genderedPronoun: TaskTemplate = {
  description: 'pronoun of a name: "My friend Susan told me that" -> " she"',
  seed: 14,
  count: 200,
  words: {
    female: femaleNames,
    male: maleNames,
    person: wordList('friend teacher doctor writer singer driver lawyer student neighbor colleague guest partner'),
    place: wordList('office school hospital theatre market library hotel club station museum bank camp'),
  },
  templates: frames.flatMap((frame) => {
    const female = frame.replace('NAME', '{female}');
    const male = frame.replace('NAME', '{male}');
    return [
      { clean: female, corrupted: male, correct: ' she', wrong: ' he' },
      { clean: male, corrupted: female, correct: ' he', wrong: ' she' },
    ];
  }),
};
