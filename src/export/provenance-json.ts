import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';
import type { Provenance } from '../circuit/circuit.js';
import { ABLATIONS, BOS_MODES, INPUT_WRITERS, SENDER_HEADS } from '../circuit/run-identity.js';
import { oneLine } from './quote.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const numberOrNull = v.nullable(v.number());
const hash = v.string();

/** The fields in the order in which they are written; fields that it does not name are dropped. */
const schema = v.object({
  engineVersion: v.string(),
  method: v.string(),
  model: v.object({ name: v.string(), hash, family: v.string() }),
  tokenizer: v.nullable(hash),
  task: v.object({ name: v.string(), hash }),
  prompts: v.object({ count, skip: count }),
  bos: v.picklist(BOS_MODES),
  ablation: v.picklist(ABLATIONS),
  meanOver: v.nullable(v.string()),
  input: v.picklist(INPUT_WRITERS),
  metric: v.string(),
  signConvention: v.string(),
  threshold: numberOrNull,
  absolute: v.boolean(),
  directEdges: v.boolean(),
  senderHeads: v.picklist(SENDER_HEADS),
  order: v.string(),
  seed: numberOrNull,
  adapter: v.string(),
  tile: v.optional(v.nullable(v.string()), null), // files of versions before there were tiles lack it
  metrics: v.object({ initial: numberOrNull, final: numberOrNull, empty: numberOrNull }),
  faithfulness: numberOrNull,
  minMargin: v.nullable(v.object({ margin: v.number(), edge: v.string() })),
}) satisfies v.GenericSchema<unknown, Provenance>;

const FIELDS = Object.keys(schema.entries) as (keyof Provenance)[];

/** `meanOver` -> `mean_over`: files spell their keys as the interchange schema does. */
function fileKey(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The provenance as plain JSON with keys in one fixed order; numbers that are not finite become null. */
export function encodeProvenance(provenance: Provenance): Record<string, unknown> {
  const fields = v.parse(schema, JSON.parse(JSON.stringify(provenance)));
  return Object.fromEntries(FIELDS.map((field) => [fileKey(field), fields[field]]));
}

/**
 * The provenance in a file.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the first field at fault.
 */
export function decodeProvenance(json: Readonly<Record<string, unknown>>, source: string): Provenance {
  const result = v.safeParse(schema, Object.fromEntries(FIELDS.map((field) => [field, json[fileKey(field)]])));
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map((item) => fileKey(String(item.key)));
  const problem = `got ${oneLine(issue.received)}, expected ${issue.expected ?? 'another value'}`;
  throw new EdgewiseError('circuit', source, `edgewise.provenance.${path.join('.')}: ${problem}`);
}
