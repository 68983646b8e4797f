import { EdgewiseError } from '../errors.js';
import { parseStrictJson } from './strict-json.js';
import { parsePythonJson, standardJson } from './python-json.js';
import { oneLine, quote } from '../text.js';

/** More text than GPT-2 XL's 2.2 million edges need. A longer file is refused before it is parsed. */
const MAX_CHARACTERS = 2 ** 28;

export type JsonObject = Readonly<Record<string, unknown>>;

// Fields of a JSON file, checked one by one. Files with many values of one form use this: circuits, scores, graphs.
// Small records of many forms use a valibot schema: provenance, details, task rows. There is no third way.

/**
 * JSON of any program, Python's bare NaN included. Where a key is there twice, the last one counts.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` where it is too long or no JSON, or a number is too large to be finite.
 */
export function readJson(text: string, source: string): unknown {
  checkLength(text, source);
  let json: unknown;
  try {
    json = parsePythonJson(text);
  } catch (error) {
    throw new EdgewiseError('circuit', source, `not valid JSON (${oneLine((error as SyntaxError).message)})`);
  }
  assertFinite(text, json, source);
  return json;
}

/** The same, but a key that is there twice is an error. It is used where a file becomes another file. */
export function readStrictJson(text: string, source: string): unknown {
  checkLength(text, source);
  return parseStrictJson(standardJson(text), source, 'circuit');
}

/** A number of many digits, or with an exponent of three: no other number is beyond the largest one, 1.8e308. */
const MAY_OVERFLOW = /\d{200}|\d[eE]\+?\d{3}/;

/**
 * JSON.parse makes Infinity of `1e999`. Nothing here means infinity: what was not measured is null.
 *
 * @param json what was parsed from the text.
 * @throws EdgewiseError kind `circuit` that names the first such number.
 */
export function assertFinite(text: string, json: unknown, source: string): void {
  if (!MAY_OVERFLOW.test(text)) return;
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: json, path: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (value === Infinity || value === -Infinity) fail(source, path || 'the file', value, 'a finite number');
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value)) {
      open.push({ value: inner, path: isList ? `${path}[${key}]` : `${path}${path && '.'}${oneLine(key)}` });
    }
  }
}

export function checkLength(text: string, source: string): void {
  if (text.length <= MAX_CHARACTERS) return;
  throw new EdgewiseError('circuit', source, `${text.length} characters, expected at most ${MAX_CHARACTERS}`);
}

/** @throws EdgewiseError `source: field: got ..., expected ...`. */
export function fail(source: string, field: string, got: unknown, expected: string): never {
  throw new EdgewiseError('circuit', source, `${field}: got ${quote(got)}, expected ${expected}`);
}

export function asObject(value: unknown, source: string, field: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  return fail(source, field, value, 'an object');
}

export function asArray(value: unknown, source: string, field: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(source, field, value, 'an array');
}

/** A number, or NaN for null: Python's NaN was read as null. -0 becomes 0, as in every file that is written. */
export function asNumber(value: unknown, source: string, field: string): number {
  if (value === null) return NaN;
  return typeof value === 'number' ? value + 0 : fail(source, field, value, 'a number');
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
