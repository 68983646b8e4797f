import { refuseUnknown, type FieldValues } from '../fields.js';
import { autoCircuit } from './auto-circuit.js';
import { circuitkit } from './circuitkit.js';
import { eapIg } from './eap-ig.js';
import { mib } from './mib.js';
import { own } from './own.js';
import type { RowKind } from './row-kind.js';

/**
 * Whose names the fields of a row can have. To add a tool, describe its rows in a file beside this one and list it
 * here.
 */
export const ROW_KINDS: readonly RowKind[] = [own, circuitkit, eapIg, autoCircuit, mib];

/** Every field that `--columns` can give: Edgewise's own, and the counterfactual of MIB's rows. */
export const COLUMN_FIELDS: readonly string[] = [...own.fields, 'counterfactual'];

/** The kind that tells a row by its shape, or else the one that knows the most of its fields; the first of several. */
export function rowKind(row: FieldValues): RowKind {
  const byShape = ROW_KINDS.find((kind) => kind.recognises?.(row));
  if (byShape) return byShape;
  const unknown = (kind: RowKind): number => Object.keys(row).filter((field) => !kind.fields.includes(field)).length;
  return ROW_KINDS.reduce((best, kind) => (unknown(kind) < unknown(best) ? kind : best));
}

/** A row in Edgewise's own fields, and whose fields it had. */
export interface OwnFields {
  readonly kind: string;
  readonly values: FieldValues;
  /** By the rule of its tool the first token stands for an answer of several. */
  readonly firstToken: boolean;
}

/**
 * The row in Edgewise's own fields.
 *
 * @throws RowFault where a field is unknown or lacks what the row's tool always writes.
 */
export function ownFields(row: FieldValues, where: string): OwnFields {
  const kind = rowKind(row);
  if (!kind.recognises) refuseUnknown(row, kind.fields, where);
  return { kind: kind.name, values: kind.toOwn(row, where), firstToken: kind.firstToken?.(row) ?? false };
}
