import type { TaskTemplate } from '../template.js';
import { wordList } from './word-list.js';

const numbers = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));

/** A year and its century again: any later year of the century is right. */
const frames: readonly string[] = [
  'The {event} lasted from the year {century}YEAR to the year {century}',
  'The {event} began in {century}YEAR and came to an end in {century}',
  'The long {event} went on from {century}YEAR until {century}',
];

/**
 * Greater-than on two-digit years. GPT-2 splits all of these years between the century and the rest (not 1280 or 1440).
 */
export const greaterThan: TaskTemplate = {
  description: 'later year: "The war lasted from the year 1732 to the year 17" -> any of 33 to 99',
  seed: 12,
  count: 200,
  words: {
    event: wordList(`
      war siege drought famine strike trial reign voyage rebellion conflict campaign journey expedition dispute crisis
      project empire dynasty tour revolt blockade occupation plague partnership marriage alliance boycott
      construction search exile
    `),
    century: wordList('11 13 15 16 17'),
    year: numbers.slice(2, 99),
    number: numbers,
  },
  templates: frames.map((frame) => ({
    clean: frame.replace('YEAR', '{year}'),
    corrupted: frame.replace('YEAR', '01'),
  })),
  correct: { from: 'number', after: '{year}' },
  wrong: { from: 'number', upTo: '{year}' },
};
