import { wordList } from './word-list.js';

/** First names that are one token in GPT-2 with a space in front. */
export const femaleNames: string[] = wordList(`
  Mary Anna Lisa Emma Laura Sarah Alice Julia Maria Susan Karen Linda Helen Carol Diana Emily Jane Kate Rachel Rebecca
  Sandra Sophie Claire Elizabeth Jessica Jennifer Michelle Amanda Melissa Nicole Katie Lucy Ruth Rose Martha Margaret Amy
  Angela Christine Catherine Barbara Nancy Patricia Victoria Vanessa Hannah Heather Stephanie Sally Eva
`);

export const maleNames: string[] = wordList(`
  John Paul Mark James Peter David Robert Thomas Daniel Michael Andrew Kevin Brian Steven Eric Henry George Frank Simon
  Matthew Richard Charles Joseph William Edward Patrick Jack Adam Ryan Aaron Anthony Arthur Carl Dennis Douglas Fred Gary
  Gregory Harry Howard Jacob Jason Jeff Keith Larry Martin Nathan Oliver Philip Roger
`);
