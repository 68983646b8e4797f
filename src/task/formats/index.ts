import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { parsePythonJson } from '../../base/json/python-json.js';
import { csv, tsv } from './delimited.js';
import type { TaskContent, TaskFormat } from './format.js';
import { jsonRows } from './json-rows.js';
import { jsonl } from './jsonl.js';
import { foreignKind } from './magic.js';
import { parquet } from './parquet.js';
import { template } from './template.js';

/**
 * The formats of task files; the first that recognises a file reads it. To add one, describe it in a file beside this
 * one and list it here.
 */
export const TASK_FORMATS: readonly TaskFormat[] = [parquet, template, jsonRows, jsonl, tsv, csv];

/** Bytes as the formats look at them. */
export function taskContent(source: string, bytes: Uint8Array<ArrayBuffer>): TaskContent {
  let text: string | undefined;
  let json: { readonly value: unknown } | undefined;
  const content: TaskContent = {
    source,
    bytes,
    text: () => (text ??= decode(source, bytes)),
    json: () => (json ??= { value: wholeJson(content) }).value,
  };
  return content;
}

/**
 * The format of a file.
 *
 * @throws EdgewiseError of kind task that says what the file is instead.
 */
export function taskFormat(content: TaskContent): TaskFormat {
  const { source, bytes } = content;
  const foreign = foreignKind(bytes);
  if (foreign !== undefined) throw new EdgewiseError('task', source, foreign);
  const format = TASK_FORMATS.find((candidate) => candidate.recognises(content));
  if (format) return format;
  if (content.text().trim() === '') throw new EdgewiseError('task', source, 'is empty, expected prompt pairs');
  const names = TASK_FORMATS.map(({ name }) => name).join(', ');
  const [line = ''] = content.text().trimStart().split('\n', 1);
  const start = quote(line.length > 60 ? `${line.slice(0, 60)}...` : line.trimEnd());
  throw new EdgewiseError('task', source, `begins with ${start}, which is none of ${names}; a table needs a header`);
}

function decode(source: string, bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const long = cause instanceof RangeError || bytes.length >= 2 ** 29;
    throw new EdgewiseError('task', source, long ? 'is too long for one text; part it' : 'is not UTF-8 text', {
      cause,
    });
  }
}

/**
 * A file of JSON lines is no JSON value, but for one of a single line: that is a row, unless it holds rows or a
 * template.
 */
function wholeJson({ text }: TaskContent): unknown {
  if (!/^[[{]/.test(text().trimStart())) return undefined;
  try {
    return parsePythonJson(text());
  } catch {
    return undefined;
  }
}
