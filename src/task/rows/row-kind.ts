import { RowFault } from '../fault.js';
import type { FieldValues } from '../fields.js';

/** The names that one tool gives to the fields of a prompt pair. */
export interface RowKind {
  readonly name: string;
  readonly about: string;
  /** Every field that such a row may have. */
  readonly fields: readonly string[];
  /** Tells such a row by its shape. It may then have any further field. */
  readonly recognises?: (row: FieldValues) => boolean;
  /** Whether the tool takes the first token of an answer of several; default: it says nothing of such answers. */
  readonly firstToken?: (row: FieldValues) => boolean;
  /**
   * The row in Edgewise's own fields. Types are checked afterwards.
   *
   * @throws RowFault where the row lacks what its tool always writes.
   */
  toOwn(row: FieldValues, where: string): FieldValues;
}

/** The row with each field under its own name; fields without an entry in `names` are left out. */
export function renamed(
  row: FieldValues,
  names: Readonly<Record<string, readonly string[]>>,
  where: string,
): FieldValues {
  const own: Record<string, unknown> = {};
  for (const [field, others] of Object.entries(names)) {
    const given = others.filter((name) => row[name] !== undefined);
    if (given.length > 1) throw new RowFault('field', where, `${given.join(' and ')} both stand for ${field}`);
    if (given.length === 1) own[field] = row[given[0]!];
  }
  return own;
}

/** Numbers as they would be written, in a list or alone: answers of arithmetic are texts to a tokenizer. */
export function asText(value: unknown): unknown {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return Array.isArray(value) ? value.map((item: unknown) => asText(item)) : value;
}
