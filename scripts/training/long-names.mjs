// Names that tasks-4l-llama knows beside those of the shipped tasks. They are rare in the text that its tokenizer is
// trained on, so that each is of several tokens.
import { wordList } from '../../dist/task/builtin/word-list.js';

const female = wordList(`
  Nora Clara Stella Flora Greta Ottilie Thelma Astrid Bianca Carmen Celia Delia Elena Fiona Gloria Irene Joanna Leona Lydia
  Marina Monica Nadia Olivia Priscilla Ramona Regina Sabrina Serena Tamara Vivian
`);

const male = wordList(`
  Oscar Hugo Felix Bruno Boris Rafael Pablo Pedro Diego Carlos Dante Elias Jonas Lucas Isaac Samuel Leonard Vincent Walter
  Rupert Norman Ralph Stanley Sidney Curtis Duncan Gordon Gilbert Hector Maximilian
`);

export const longNames = [...female, ...male];

const LONG = { name: longNames, female, male };

/** The same task over the names of the shipped task and the long ones, or null for a task without names. */
export function withLongNames(template) {
  return renamed(template, (list) => [...template.words[list], ...LONG[list]]);
}

/** The same task over long names alone, or null for a task without names. */
export function longNamesOnly(template) {
  return renamed(template, (list) => LONG[list]);
}

function renamed(template, namesOf) {
  const lists = Object.keys(LONG).filter((list) => Object.hasOwn(template.words, list));
  if (lists.length === 0) return null;
  return {
    ...template,
    words: { ...template.words, ...Object.fromEntries(lists.map((list) => [list, namesOf(list)])) },
  };
}
