import { oneLine, quote } from '../../base/text.js';
import { EdgewiseError } from '../../base/errors.js';
import { isObject } from '../../base/json/strict-json.js';
import { ROW_KINDS } from '../rows/index.js';
import { RowFault } from '../fault.js';
import { namesInLine, type FieldValues } from '../fields.js';
import type { TaskFormat, TaskRows } from './format.js';

/**
 * Fields under which an object holds its rows: auto-circuit's, CircuitKIT's, those of data frames and data set servers.
 */
const LISTS = ['prompts', 'records', 'data', 'rows', 'examples', 'pairs'];

const KNOWN: ReadonlySet<string> = new Set(ROW_KINDS.flatMap(({ fields }) => fields));

export const jsonRows: TaskFormat = {
  name: 'JSON',
  about:
    'an array of rows; an object with such an array (auto-circuit: prompts, CircuitKIT: records); a data frame as pandas writes it, in every orientation; one row',
  recognisedBy: 'one JSON value, or the ending .json',
  recognises({ source, text, json }) {
    const value = json();
    const named = /\.json$/i.test(source);
    // Some programs give JSON lines the ending .json.
    if (value === undefined) return named && !isObject(parsed(text().trimStart().split('\n', 1)[0]!));
    if (Array.isArray(value)) return named || value.some((item) => isObject(item));
    // A single line that is a row is a file of JSON lines with one line.
    return isObject(value) && !(isRow(value) && !text().trim().includes('\n'));
  },
  read({ source, text, json }) {
    const value = json();
    if (value === undefined)
      throw new EdgewiseError('task', source, `is not valid JSON (${oneLine(syntaxError(text()))})`);
    const rows = rowsOf(value, source);
    if (rows.length === 0) throw new EdgewiseError('task', source, 'is empty, expected prompt pairs');
    return rows;
  },
};

function rowsOf(value: unknown, source: string): TaskRows {
  if (Array.isArray(value)) return fromList(value, 'row');
  if (!isObject(value)) throw new EdgewiseError('task', source, 'is one JSON value without fields, expected rows');
  const split = fromSplit(value, source);
  if (split) return split;
  const list = LISTS.find((name) => Array.isArray(value[name]));
  if (list !== undefined) return fromList(value[list] as unknown[], list === 'prompts' ? 'prompt' : 'row');
  if (isRow(value)) return fromList([value], 'row');
  const columns = Object.entries(value);
  if (columns.length > 0 && columns.every(([, column]) => isObject(column))) {
    if (columns.some(([field]) => KNOWN.has(field))) return fromColumns(value as Columns);
    return fromList(Object.values(value), 'row');
  }
  const fields = namesInLine(Object.keys(value)) || 'none';
  const what = `is a JSON object with the fields ${fields}; expected a template (templates, words, seed, count), a row, or rows under ${LISTS.join(', ')}`;
  throw new EdgewiseError('task', source, what);
}

/** An object with fields of a row: a data frame has the same names, but objects under them. */
function isRow(value: Readonly<Record<string, unknown>>): boolean {
  if (LISTS.some((name) => Array.isArray(value[name]))) return false;
  return Object.entries(value).some(([field, column]) => KNOWN.has(field) && !isObject(column));
}

function fromList(values: readonly unknown[], name: string): TaskRows {
  return {
    length: values.length,
    where: (index) => `${name} ${index + 1}`,
    row(index, where) {
      const value = values[index];
      // Data set servers wrap each row: {"row_idx": 0, "row": {...}}.
      if (isObject(value)) return isObject(value['row']) ? value['row'] : value;
      throw new RowFault('format', where, 'expected a JSON object with clean, corrupted and answers');
    },
  };
}

type Columns = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** pandas' `to_json()`: column -> row -> value. */
function fromColumns(columns: Columns): TaskRows {
  const names = [...new Set(Object.values(columns).flatMap((column) => Object.keys(column)))];
  const row = (name: string): FieldValues =>
    Object.fromEntries(Object.entries(columns).map(([field, column]) => [field, column[name]]));
  return {
    length: names.length,
    where: (index) => `row ${oneLine(names[index]!)}`,
    row: (index) => row(names[index]!),
  };
}

/** pandas' `to_json(orient="split")`: names once, then lists of values. */
function fromSplit({ columns, data }: Readonly<Record<string, unknown>>, source: string): TaskRows | undefined {
  if (!Array.isArray(columns) || !Array.isArray(data)) return undefined;
  const names = columns.map((name: unknown) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    throw new EdgewiseError('task', source, `columns: got ${quote(name)}, expected names`);
  });
  return fromList(
    data.map((values: unknown) =>
      Array.isArray(values) ? Object.fromEntries(names.map((name, i) => [name, values[i] as unknown])) : values,
    ),
    'row',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function syntaxError(text: string): string {
  try {
    JSON.parse(text);
    return 'no value';
  } catch (error) {
    return (error as Error).message;
  }
}
