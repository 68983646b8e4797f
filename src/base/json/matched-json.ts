import * as v from 'valibot';
import { EdgewiseError } from '../errors.js';
import { oneLine } from '../text.js';

/**
 * JSON of a file as a schema has it.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function matchedJson<T extends v.GenericSchema>(schema: T, json: unknown, source: string): v.InferOutput<T> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map((item) => oneLine(String((item as { readonly key: unknown }).key)));
  const got = issue.received === 'undefined' ? 'is missing' : `got ${oneLine(issue.received)}`;
  const what = `${keys.join('.') || 'the file'}: ${got}, expected ${issue.expected ?? 'another value'}`;
  throw new EdgewiseError('circuit', source, what);
}
