import { RowFault } from '../fault.js';
import type { FieldValues } from '../fields.js';
import { renamed, type RowKind } from './row-kind.js';

/** Columns of EAP-IG's data sets, by what they hold. */
const NAMES = {
  clean: ['clean'],
  corrupted: ['corrupted'],
  correct_ids: ['correct_idx', 'clean_answer_idx', 'country_idx', 'capital_idx', 'answers_idx'],
  wrong_ids: [
    'incorrect_idx',
    'corrupted_answer_idx',
    'corrupted_country_idx',
    'corrupted_capital_idx',
    'corrupted_answers_idx',
  ],
};
/** A second counterfactual, which `--columns corrupted=corrupted_hard` takes; and the answers again, in words. */
const ASIDE = ['corrupted_hard', 'group'];
const IN_WORDS = [
  'clean_answer',
  'corrupted_answer',
  'answers',
  'corrupted_answers',
  'country',
  'capital',
  'corrupted_country',
  'corrupted_capital',
];

/** EAP-IG's CSV files (Hanna et al. 2024, `dataset.py`): answers are token ids in columns that end in `_idx`. */
export const eapIg: RowKind = {
  name: 'eap-ig',
  about: "EAP-IG's columns: clean, corrupted, correct_idx, incorrect_idx (or country_idx, answers_idx and the like)",
  fields: [...Object.values(NAMES).flat(), 'plural', ...ASIDE, ...IN_WORDS],
  toOwn(row, where) {
    if (row['plural'] !== undefined) {
      const what =
        'plural: a class of verbs stands for the answers; name verbs in correct and wrong, or measure kl with --ignore-fields plural';
      throw new RowFault('value', where, what);
    }
    const words = IN_WORDS.find((field) => row[field] !== undefined);
    if (words !== undefined && !NAMES.correct_ids.some((field) => row[field] !== undefined)) {
      const what = `${words}: stands without a column of token ids (correct_idx); say what it is, as in --columns correct=${words}`;
      throw new RowFault('missing', where, what);
    }
    return greaterThan(row) ?? renamed(row, NAMES, where);
  },
};

/** `The war lasted from the year 1745 to the year 17`. Two expressions, because one takes quadratic time. */
const YEAR = /\b(\d\d)(\d\d)\b/;
const BEGUN = /\b(\d\d)$/;

/**
 * EAP-IG's greater-than: `correct_idx` is no token id but the two last digits of the first year, which the answer is to
 * exceed. Undefined for every other row.
 */
function greaterThan(row: FieldValues): FieldValues | undefined {
  const { clean, corrupted, correct_idx: given, incorrect_idx: wrong } = row;
  const line = typeof clean === 'string' ? clean.split(/[\n\r]/).at(-1)! : '';
  const [, century, digits] = YEAR.exec(line) ?? [];
  const [, begun] = BEGUN.exec(line) ?? [];
  if (wrong !== undefined || typeof given !== 'number' || Number(digits) !== given || century !== begun)
    return undefined;
  const years = Array.from({ length: 100 }, (_, year) => String(year).padStart(2, '0'));
  return { clean, corrupted, correct: years.slice(given + 1), wrong: years.slice(0, given + 1) };
}
