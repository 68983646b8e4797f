import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';
import { nearestName } from '../base/nearest.js';
import { RowFault } from './fault.js';

/** Most names that a message lists. */
const MOST_NAMES = 10;

/** Names from a file for a message: the first ten. */
export function namesInLine(names: readonly string[]): string {
  const first = names.slice(0, MOST_NAMES).map((name) => oneLine(name));
  return `${first.join(', ')}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
}

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
      const hint = near === undefined ? `it has ${namesInLine(Object.keys(row))}` : `did you mean ${oneLine(near)}?`;
      throw new RowFault('missing', where, `${oneLine(column)}: there is no such field (--columns names it); ${hint}`);
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
  const aside = unknown
    .slice(0, MOST_NAMES)
    .map((field) => (/[\s,]/.test(field) ? quote(field) : oneLine(field)))
    .join(',');
  const leaves = unknown.length > 1 ? 'leaves them aside' : 'leaves it aside';
  const way = unknown.length > MOST_NAMES ? 'names fields to leave aside' : `${aside} ${leaves}`;
  throw new RowFault('field', where, `${oneLine(first)}: there is no such field; ${hint} (--ignore-fields ${way})`);
}

/** @throws EdgewiseError of kind usage where `--columns` gives a field that no row has. */
export function checkColumns(columns: FieldOptions['columns'], fields: readonly string[]): void {
  for (const field of Object.keys(columns ?? {})) {
    if (fields.includes(field)) continue;
    const near = nearestName(field, fields);
    const hint = near === undefined ? `expected one of ${fields.join(', ')}` : `did you mean ${near}?`;
    throw new EdgewiseError('usage', '--columns', `${oneLine(field)}: there is no such field; ${hint}`);
  }
}
