import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';
import { taskRowSchema } from './row.js';
import type { TaskRow } from './row.js';

const MAX_LINES = 100_000;

export interface LocatedRow {
  readonly row: TaskRow;
  /** File and line, for errors about this row. */
  readonly where: string;
}

/**
 * Parses a task in JSON lines, one prompt pair a line. Blank lines may only stand at the end.
 *
 * @throws EdgewiseError of kind task, naming `source` and the line.
 */
export function parseJsonl(text: string, source: string): LocatedRow[] {
  const lines = text.trimEnd().split('\n');
  if (lines.length > MAX_LINES) {
    throw new EdgewiseError('task', source, `has ${lines.length} lines, expected at most ${MAX_LINES}`);
  }
  if (lines.every((line) => line.trim() === '')) {
    throw new EdgewiseError('task', source, 'is empty, expected one prompt pair a line');
  }
  return lines.map((line, index) => {
    const where = `${source}, line ${index + 1}`;
    return { row: parseLine(line, where), where };
  });
}

/** Rows as JSON lines, the inverse of `parseJsonl`. */
export function formatJsonl(rows: readonly TaskRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function parseLine(line: string, where: string): TaskRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    const reason = line.trim() === '' ? 'the line is blank' : (cause as Error).message;
    throw new EdgewiseError('task', where, `is not valid JSON (${reason})`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EdgewiseError('task', where, 'expected a JSON object with clean, corrupted and answers');
  }
  const parsed = v.safeParse(taskRowSchema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new EdgewiseError('task', where, `${v.getDotPath(issue) ?? 'row'}: ${issue.message}`);
}
