import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { nearestName } from '../base/nearest.js';
import { RowFault } from './fault.js';

/** One prompt pair as a file has it: values by field name, of whatever type the file gives. */
export type FieldValues = Readonly<Record<string, unknown>>;

/** How a command changes the fields of a file's rows. */
export interface FieldOptions {
  /** Field -> column that is to stand for it. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Fields that are left aside. */
  readonly ignoreFields?: readonly string[];
}

/**
 * Fields that any row may have, and that no reader looks at: what its author notes, its number, and its number in a
 * data frame.
 */
const FREE = new Set(['meta', 'id', 'task', '', 'index', 'Unnamed: 0', '__index_level_0__']);

/** The row with its fields renamed, without those that are left aside and those that hold nothing. */
export function chosenFields(row: FieldValues, where: string, options: FieldOptions): FieldValues {
  const { columns = {}, ignoreFields = [] } = options;
  const chosen = new Map(Object.entries(row));
  for (const field of ignoreFields) chosen.delete(field);
  for (const column of Object.values(columns)) chosen.delete(column);
  for (const [field, column] of Object.entries(columns)) {
    if (!Object.hasOwn(row, column)) {
      const near = nearestName(column, Object.keys(row));
      const hint = near === undefined ? `it has ${Object.keys(row).join(', ')}` : `did you mean ${near}?`;
      throw new RowFault('missing', where, `${column}: there is no such field (--columns names it); ${hint}`);
    }
    chosen.set(field, row[column]);
  }
  return Object.fromEntries(
    [...chosen].filter(([field, value]) => !FREE.has(field) && value !== undefined && value !== null),
  );
}

/**
 * Refuses fields that a reader does not know: a misspelt one would go unread.
 *
 * @throws RowFault naming the field and the nearest one that is known.
 */
export function refuseUnknown(row: FieldValues, known: readonly string[], where: string): void {
  const unknown = Object.keys(row).filter((field) => !known.includes(field));
  const [first] = unknown;
  if (first === undefined) return;
  const near = nearestName(first, known);
  const hint = near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`;
  const aside = unknown.map((field) => (/[\s,]/.test(field) ? quote(field) : field)).join(',');
  const what = `${first}: there is no such field; ${hint} (--ignore-fields ${aside} leaves it aside)`;
  throw new RowFault('field', where, what.replace('leaves it', unknown.length > 1 ? 'leaves them' : 'leaves it'));
}

/** @throws EdgewiseError of kind usage where `--columns` gives a field that no row has. */
export function checkColumns(columns: FieldOptions['columns'], fields: readonly string[]): void {
  for (const field of Object.keys(columns ?? {})) {
    if (fields.includes(field)) continue;
    const near = nearestName(field, fields);
    const hint = near === undefined ? `expected one of ${fields.join(', ')}` : `did you mean ${near}?`;
    throw new EdgewiseError('usage', '--columns', `${field}: there is no such field; ${hint}`);
  }
}
