import * as v from 'valibot';

import { entry, jsonFile } from '../../base/json/entry-lines.js';
import { readJson } from '../../base/json/json-fields.js';
import { matchedJson } from '../../base/json/matched-json.js';
import { ablatedNodesSchema, knockoutFileSchema } from './knockout-json.js';
import { lensSchema } from './lens-json.js';
import { patchingSchema, steeringSchema } from './patching-json.js';
import { patchedPathSchema } from './path-patching-json.js';
import { averagedTracesSchema, tracedPromptSchema } from './tracing-json.js';

/** Version of the format of instruments' result files. */
export const INSTRUMENT_VERSION = 1;

/** What each instrument finds. An instrument with a file is an entry here. */
const RESULTS = {
  'causal-tracing': tracedPromptSchema,
  'causal-tracing-averaged': averagedTracesSchema,
  'activation-patching': patchingSchema,
  steering: steeringSchema,
  'path-patching': patchedPathSchema,
  knockout: knockoutFileSchema,
  lens: lensSchema,
  'node-ablation': ablatedNodesSchema,
} as const;

export type InstrumentName = keyof typeof RESULTS;
export type InstrumentResult<N extends InstrumentName> = v.InferOutput<(typeof RESULTS)[N]>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What was run, on what. Files hold no dates, durations or paths: equal runs write equal bytes. */
const provenance = v.object({
  engine_version: v.string(),
  adapter: v.string(),
  model: v.object({ name: v.string(), hash: v.string() }),
  task: v.object({ name: v.string(), hash: v.string() }),
  prompts: v.object({ count, skip: count }),
});
export type InstrumentProvenance = v.InferOutput<typeof provenance>;

/** A result with its instrument. */
export type InstrumentFile = {
  [N in InstrumentName]: {
    readonly instrument: N;
    readonly of: InstrumentProvenance;
    readonly result: InstrumentResult<N>;
  };
}[InstrumentName];

/** The text of a result file, a member a line: what was found, and under `edgewise` how. */
export function writeInstrument({ instrument, of, result }: InstrumentFile): string {
  const members = Object.entries(result).map(([key, value]) => entry(key, value));
  return jsonFile('{}', [...members, entry('edgewise', { schema_version: INSTRUMENT_VERSION, instrument, of })]);
}

/** Whether a text is meant as a result file of an instrument. It is not parsed. */
export function isInstrument(text: string): boolean {
  return /"edgewise"\s*:\s*\{[^{}]*"instrument"\s*:/.test(text);
}

/**
 * Reads the result file of an instrument.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function parseInstrument(text: string, source: string): InstrumentFile {
  const json = readJson(text, source);
  const head = v.object({
    edgewise: v.object({
      schema_version: v.literal(INSTRUMENT_VERSION),
      instrument: v.picklist(Object.keys(RESULTS) as InstrumentName[]),
      of: provenance,
    }),
  });
  const { instrument, of } = matchedJson(head, json, source).edgewise;
  return { instrument, of, result: matchedJson(RESULTS[instrument], json, source) } as InstrumentFile;
}
