import { firstLine } from '../../base/text.js';
import { EdgewiseError } from '../../base/errors.js';
import { isObject } from '../../base/json/strict-json.js';
import { parsePythonJson } from '../../base/json/python-json.js';
import { RowFault } from '../fault.js';
import type { FieldValues } from '../fields.js';
import type { TaskRow } from '../row.js';
import type { TaskFormat } from './format.js';

export const jsonl: TaskFormat = {
  name: 'JSON lines',
  about: 'one row a line, each a JSON object',
  recognisedBy: 'a first line that begins with {, or the ending .jsonl or .ndjson',
  recognises: ({ source, text }) => /\.(jsonl|ndjson)$/i.test(source) || text().trimStart().startsWith('{'),
  read({ source, text }) {
    const lines = text().trimEnd().split('\n');
    if (lines.every((line) => line.trim() === '')) {
      throw new EdgewiseError('task', source, 'is empty, expected one prompt pair a line');
    }
    return {
      length: lines.length,
      where: (index) => `line ${index + 1}`,
      row: (index, where) => parseLine(lines[index]!, where),
    };
  },
};

/** Rows as JSON lines. */
export function formatJsonl(rows: readonly TaskRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function parseLine(line: string, where: string): FieldValues {
  let value: unknown;
  try {
    value = parsePythonJson(line);
  } catch (cause) {
    const reason = line.trim() === '' ? 'the line is blank' : firstLine(cause);
    throw new RowFault('format', where, `is not valid JSON (${reason})`, { cause });
  }
  if (isObject(value)) return value;
  throw new RowFault('format', where, 'expected a JSON object with clean, corrupted and answers');
}
