import { oneLine } from '../../base/text.js';
import { isObject } from '../../base/json/strict-json.js';
import { RowFault } from '../fault.js';
import type { FieldValues } from '../fields.js';
import { asText, type RowKind } from './row-kind.js';

/** The counterfactual that MIB's circuit track takes where a row has several. */
const PREFERRED = ['counterfactual', 's2_io_flip_counterfactual', 'symbol_counterfactual', 'random_counterfactual'];
const isCounterfactual = (field: string): boolean => field.endsWith('_counterfactual');

/**
 * Rows of MIB's data sets (Mueller et al. 2025, `MIB_circuit_track/dataset.py`): IOI, MCQA, ARC and arithmetic. A row
 * holds its counterfactual as a row of the same kind. The answers are the first tokens of both rows' right choices, or
 * their results.
 */
export const mib: RowKind = {
  name: 'mib',
  about: "MIB's rows: prompt, choices and answerKey (or label), and a counterfactual of the same kind",
  fields: ['prompt', 'choices', 'answerKey', 'label', 'metadata', ...PREFERRED],
  recognises: (row) =>
    row['prompt'] !== undefined &&
    (row['answerKey'] !== undefined || row['label'] !== undefined || Object.keys(row).some(isCounterfactual)),
  // Results of arithmetic must be one token: MIB leaves out the others.
  firstToken: (row) => row['label'] === undefined,
  toOwn(row, where) {
    const { prompt } = row;
    const name = PREFERRED.find((field) => row[field] !== undefined) ?? Object.keys(row).find(isCounterfactual);
    const counterfactual = name === undefined ? undefined : row[name];
    if (!isObject(counterfactual) || counterfactual['prompt'] === undefined) {
      throw new RowFault(
        'missing',
        where,
        `${oneLine(name ?? 'a counterfactual')}: is missing, expected a row of the same kind`,
      );
    }
    const { metadata } = row;
    // In IOI both names stand in the prompt; the flipped prompt has them the other way round.
    const names =
      isObject(metadata) &&
      [metadata['indirect_object'], metadata['subject']].every((name) => typeof name === 'string');
    const answers = names
      ? { correct: ` ${String(metadata['indirect_object'])}`, wrong: ` ${String(metadata['subject'])}` }
      : { correct: rightAnswer(row, where), wrong: rightAnswer(counterfactual, `${where}, ${oneLine(name!)}`) };
    return { clean: prompt, corrupted: counterfactual['prompt'], ...answers };
  },
};

/** The label of the right choice, or the result of a calculation, as a text. */
function rightAnswer(row: FieldValues, where: string): unknown {
  const { choices, answerKey, label } = row;
  if (label !== undefined && label !== null) return asText(label);
  const labels: unknown = isObject(choices) ? (choices['label'] ?? choices['labels']) : choices;
  const key = typeof answerKey === 'bigint' ? Number(answerKey) : answerKey;
  const answer: unknown = Array.isArray(labels)
    ? labels[typeof key === 'number' ? key : labels.indexOf(key)]
    : undefined;
  if (answer !== undefined) return asText(answer);
  throw new RowFault('missing', where, 'answerKey: names none of the choices (or label is missing)');
}
