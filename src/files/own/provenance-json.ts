import * as v from 'valibot';

import { EdgewiseError } from '../../base/errors.js';
import type { ImportRecord, Provenance } from '../../circuit/circuit.js';
import {
  ABLATIONS,
  BOS_MODES,
  GRANULARITIES,
  INPUT_KINDS,
  SENDER_HEADS,
  STEP_RULES,
  type MeasuredWith,
  type ScreeningRecord,
  type SelectionRecord,
} from '../../circuit/run-identity.js';
import type { ScoresProvenance } from '../../circuit/scores.js';
import type { JsonObject } from '../../base/json/json-fields.js';
import { oneLine } from '../../base/text.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const numberOrNull = v.nullable(v.number());
const hash = v.string();

const run = {
  engineVersion: v.string(),
  method: v.string(),
  model: v.object({
    name: v.string(),
    hash,
    family: v.string(),
    ignored: v.exactOptional(v.array(v.string())),
  }),
  tokenizer: v.nullable(hash),
  task: v.object({ name: v.string(), hash }),
  reading: v.exactOptional(
    v.object({
      answers: v.exactOptional(v.literal('first-token')),
      columns: v.exactOptional(v.record(v.string(), v.string())),
      dropped: v.exactOptional(count),
    }),
  ),
  prompts: v.object({ count, skip: count }),
  bos: v.union([v.picklist(BOS_MODES), count]),
  ablation: v.picklist(ABLATIONS),
  meanOver: v.nullable(v.string()),
  input: v.picklist(INPUT_KINDS),
  kvPorts: v.exactOptional(v.literal('grouped')),
  metric: v.string(),
  signConvention: v.string(),
};

const attribution = {
  steps: v.nullable(count),
  stepRule: v.nullable(v.picklist(STEP_RULES)),
  backwardRule: v.nullable(v.string()),
  granularity: v.picklist(GRANULARITIES),
  normalisation: v.string(),
};

const selectionSchema = v.object({
  rule: v.picklist(['threshold', 'top', 'greedy', 'top-nodes', 'circuit']),
  limit: v.pipe(v.number(), v.finite()),
  absolute: v.boolean(),
  pruned: v.boolean(),
  chosen: count,
  faithfulness: v.exactOptional(v.pipe(v.number(), v.finite())),
}) satisfies v.GenericSchema<unknown, SelectionRecord>;

const screeningSchema = v.object({
  cutoff: v.pipe(v.number(), v.finite()),
  limit: v.optional(v.nullable(count), null),
  retested: count,
  disagreed: count,
  started: count,
}) satisfies v.GenericSchema<unknown, ScreeningRecord>;

/** The fields in the order in which they are written; fields that it does not name are dropped. */
const circuitSchema = v.object({
  ...run,
  threshold: numberOrNull,
  absolute: v.boolean(),
  directEdges: v.boolean(),
  senderHeads: v.nullable(v.picklist(SENDER_HEADS)),
  order: v.string(),
  seed: numberOrNull,
  adapter: v.string(),
  tile: v.optional(v.nullable(v.string()), null), // files of versions before there were tiles lack it
  metrics: v.object({ initial: numberOrNull, final: numberOrNull, empty: numberOrNull }),
  faithfulness: numberOrNull,
  minMargin: v.nullable(v.object({ margin: v.number(), edge: v.string() })),
  // What only circuits that were chosen from scores have.
  steps: v.exactOptional(attribution.steps),
  stepRule: v.exactOptional(attribution.stepRule),
  backwardRule: v.exactOptional(attribution.backwardRule),
  granularity: v.exactOptional(attribution.granularity),
  normalisation: v.exactOptional(attribution.normalisation),
  selection: v.exactOptional(selectionSchema),
  // What only searches have that a screening went before.
  screening: v.exactOptional(screeningSchema),
  dropIdle: v.exactOptional(v.literal(true)),
  trimmed: v.exactOptional(v.object({ faithfulness: v.pipe(v.number(), v.finite()), found: count })),
}) satisfies v.GenericSchema<unknown, Provenance>;

const scoresSchema = v.object({
  ...run,
  ...attribution,
  directEdges: v.boolean(),
  seed: numberOrNull,
  adapter: v.string(),
  tile: v.nullable(v.string()),
}) satisfies v.GenericSchema<unknown, ScoresProvenance>;

const importedSchema = v.object({
  positive: v.nullable(v.literal('helps')),
  selection: v.nullable(selectionSchema),
}) satisfies v.GenericSchema<unknown, ImportRecord>;

const measuredWithSchema = v.object({
  model: run.model,
  task: run.task,
  prompts: run.prompts,
  ablation: run.ablation,
  meanOver: run.meanOver,
  input: run.input,
  metric: run.metric,
}) satisfies v.GenericSchema<unknown, MeasuredWith>;

type Fields = v.ObjectSchema<v.ObjectEntries, undefined>;

/** The provenance as plain JSON with keys in one fixed order; numbers that are not finite become null. */
export function encodeProvenance(provenance: Provenance): Record<string, unknown> {
  return encode(circuitSchema, provenance);
}

/** The same of scores. */
export function encodeScoresProvenance(provenance: ScoresProvenance): Record<string, unknown> {
  return encode(scoresSchema, provenance);
}

/**
 * The provenance in a file.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the first field at fault.
 */
export function decodeProvenance(json: JsonObject, source: string): Provenance {
  return decode(circuitSchema, json, source, 'edgewise.provenance') as Provenance;
}

/** The same of scores; without `tile`, which older files lack, it is null. */
export function decodeScoresProvenance(json: JsonObject, source: string): ScoresProvenance {
  return decode(scoresSchema, { tile: null, ...json }, source, 'edgewise.scores.provenance') as ScoresProvenance;
}

/** A circuit's provenance as that of its effects: they are scores too, each measured at the edge's decision. */
export function provenanceOfEffects(provenance: Provenance): ScoresProvenance {
  const search = {
    steps: null,
    stepRule: null,
    backwardRule: null,
    granularity: 'edge',
    normalisation: 'mean over prompts',
    tile: null,
  };
  return v.parse(scoresSchema, { ...search, ...provenance });
}

/** What a file says of its import. */
export function decodeImported(json: JsonObject, source: string): ImportRecord {
  return decode(importedSchema, json, source, 'edgewise.imported') as ImportRecord;
}

/** What the worth of edges was measured with, likewise. */
export function encodeMeasuredWith(measuredWith: MeasuredWith): Record<string, unknown> {
  return encode(measuredWithSchema, measuredWith);
}

/** The same out of a file. @throws EdgewiseError kind `circuit` that names the first field at fault. */
export function decodeMeasuredWith(json: JsonObject, source: string): MeasuredWith {
  return decode(measuredWithSchema, json, source, 'edgewise.measured_with') as MeasuredWith;
}

/** `meanOver` -> `mean_over`: files spell their keys as the interchange schema does. */
function fileKey(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function encode(schema: Fields, provenance: unknown): Record<string, unknown> {
  const fields: JsonObject = v.parse(schema, JSON.parse(JSON.stringify(provenance)));
  const present = Object.keys(schema.entries).filter((field) => fields[field] !== undefined);
  return Object.fromEntries(present.map((field) => [fileKey(field), fields[field]]));
}

function decode(schema: Fields, json: JsonObject, source: string, where: string): unknown {
  const fields: Record<string, unknown> = {};
  for (const [field, entry] of Object.entries(schema.entries)) {
    const value = json[fileKey(field)];
    if (value !== undefined || entry.type !== 'exact_optional') fields[field] = value;
  }
  const result = v.safeParse(schema, fields);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map((item) => fileKey(String(item.key)));
  const expected = `expected ${oneLine(issue.expected ?? 'another value')}`;
  const problem =
    issue.received === 'undefined' ? `is missing, ${expected}` : `got ${oneLine(issue.received)}, ${expected}`;
  throw new EdgewiseError('circuit', source, `${where}.${path.join('.')}: ${problem}`);
}
