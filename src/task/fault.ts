import { EdgewiseError } from '../base/errors.js';
import { counted, printable } from '../base/text.js';

/** What can be wrong with a row, each in the words that count such rows. */
const KINDS = {
  format: 'that cannot be read',
  field: 'with an unknown field',
  missing: 'with a field missing',
  value: 'with a value of the wrong kind',
  length: 'with prompts of different lengths',
  long: 'with a prompt that is too long',
  position: 'with a position outside the prompt',
  text: 'with a text that the tokenizer cannot spell',
  answer: 'with an answer of several tokens',
  repeated: 'with one token in two answers',
  id: 'with an id outside the vocabulary',
} as const;
export type FaultKind = keyof typeof KINDS;

/** Most faults that one message spells out. */
const MOST_TOLD = 10;

/** What is wrong with one row of a task. Faults are collected, so that one message tells them all. */
export class RowFault extends EdgewiseError {
  readonly fault: FaultKind;
  /** What was got and what was expected, without the place. */
  readonly what: string;

  constructor(fault: FaultKind, where: string, what: string, options?: ErrorOptions) {
    super('task', where, what, options);
    this.fault = fault;
    this.what = printable(what);
  }
}

/** `2 with prompts of different lengths, 1 with an unknown field`. */
export function countFaults(faults: readonly RowFault[]): string {
  const counts = new Map<FaultKind, number>();
  for (const { fault } of faults) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${KINDS[kind]}`).join(', ');
}

/**
 * One error for all faulty rows: how many there are by kind, and the first ten.
 * Rows with the same fault are told together.
 *
 * @param rows how many rows were checked.
 */
export function faultsError(source: string, faults: readonly RowFault[], rows: number): EdgewiseError {
  const [first] = faults;
  const wayOut = faults.length < rows ? '; --drop-bad-rows leaves out such rows' : '';
  if (faults.length === 1) return new EdgewiseError('task', first!.where, `${first!.what}${wayOut}`, { cause: first });
  const told = new Map<string, string[]>();
  for (const { where, what } of faults.slice(0, MOST_TOLD)) {
    const place = where.startsWith(`${source}, `) ? where.slice(source.length + 2) : where;
    const same = told.get(what);
    if (same) same.push(place);
    else told.set(what, [place]);
  }
  const parts = [...told].map(([what, [place, ...others]]) => {
    const also = others.length > 0 ? ` (also ${others.join(', ')})` : '';
    return `${place!}: ${what}${also}`;
  });
  if (faults.length > MOST_TOLD) parts.push(`and ${faults.length - MOST_TOLD} more`);
  const summary = `${faults.length} of ${counted(rows, 'row')} cannot be used (${countFaults(faults)})`;
  return new EdgewiseError('task', source, `${[summary, ...parts].join('; ')}${wayOut}`, { cause: first });
}
