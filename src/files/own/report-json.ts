import * as v from 'valibot';

import { entry, jsonFile } from '../../base/json/entry-lines.js';
import { readJson } from '../../base/json/json-fields.js';
import { matchedJson } from '../../base/json/matched-json.js';

/** Version of the format of report.json. */
export const REPORT_VERSION = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const number = v.nullable(v.pipe(v.number(), v.finite()));
const numbers = v.array(number);
const names = v.array(v.string());

/** One point of the curve of scores, at one of MIB's fractions. */
const areaPoint = v.object({
  fraction: v.number(),
  /** Edges taken, edges left after pruning, and writers that send one. */
  n: count,
  n_pruned: count,
  nodes: count,
  faithfulness: number,
  complement_faithfulness: number,
  ndf_mean: number,
  /** Per prompt; null where it is not defined. */
  ndf: numbers,
});

const roc = v.object({ pessimistic_auc: v.number(), trapezoid_auc: v.number(), average_precision: v.number() });

const areas = v.object({
  selection: v.picklist(['signed', 'absolute']),
  points: v.array(areaPoint),
  CPR: number,
  CMD: number,
  CMD_one_sided: number,
  average: number,
  complement_area: number,
  CPR_log: number,
  CMD_log: number,
  /** Areas against the true edges; missing where none are known. */
  roc: v.exactOptional(roc),
});

const schema = v.object({
  schema_version: v.literal(REPORT_VERSION),
  /** How everything was measured. */
  of: v.object({
    engine_version: v.string(),
    adapter: v.string(),
    model: v.object({ name: v.string(), hash: v.string() }),
    task: v.object({ name: v.string(), hash: v.string() }),
    prompts: v.object({ count, skip: count }),
    metric: v.string(),
    ablation: v.string(),
    input: v.string(),
    mean_over: v.nullable(v.string()),
    /** Null where scores alone were measured. `method` is null for a circuit of another program. */
    circuit: v.nullable(
      v.object({
        name: v.string(),
        sha256: v.string(),
        method: v.nullable(v.string()),
        edges: count,
        total_edges: count,
      }),
    ),
    /** The file of `--scores`. */
    scores: v.nullable(v.object({ name: v.string(), sha256: v.string() })),
  }),
  /** Metric per prompt, in loss form: lower is better. Null where scores alone were measured. */
  per_prompt: v.nullable(v.object({ whole: numbers, circuit: numbers, complement: numbers, empty: numbers })),
  /** In the order in which they are shown. */
  measures: v.array(
    v.object({
      /** As in `--measures`. */
      name: v.string(),
      /** What it asks, in a few words. */
      about: v.string(),
      source: v.nullable(v.string()),
      /** `unknown`: not defined here, or nothing is claimed. */
      verdict: v.picklist(['good', 'bad', 'unknown']),
      /** The result in plain words. */
      sentence: v.string(),
      /** The number that the sentence is about. */
      value: number,
      /** Everything that was found: as in `evaluate --json` under `measures`. */
      result: v.record(v.string(), v.unknown()),
    }),
  ),
  /** Every draw that the tests used, as `--draws` reads it, and their seed. Null where nothing was drawn. */
  draws: v.nullable(
    v.object({
      seed: count,
      permutations: v.array(v.array(count)),
      inflations: v.array(v.object({ added: names, removed: v.string() })),
      random_circuits: v.array(names),
      epsilon: v.number(),
      quantile: v.number(),
      floor: v.number(),
    }),
  ),
  /** The curve of the circuit, from its file. */
  curve: v.nullable(v.array(v.object({ edges: count, faithfulness: number, necessity: number }))),
  /** How often each edge of the circuit is found again, from its file: see Inclusion. */
  stability: v.nullable(
    v.array(v.object({ edge: v.string(), count, of: count, lower: v.number(), upper: v.number() })),
  ),
  /** The curves of scores at MIB's fractions. */
  curves: v.nullable(v.array(areas)),
});

/** All that evaluate found out about a circuit or scores. Keys are those of the file. */
export type CircuitReport = v.InferOutput<typeof schema>;
export type ReportedMeasure = CircuitReport['measures'][number];
export type AreaPoint = v.InferOutput<typeof areaPoint>;
export type AreaCurve = v.InferOutput<typeof areas>;

/** The report as the text of report.json, a member a line. What is not finite is null. */
export function writeReport(report: Omit<CircuitReport, 'schema_version'>): string {
  const members = Object.entries({ schema_version: REPORT_VERSION, ...report });
  return jsonFile(
    '{}',
    members.map(([key, value]) => entry(key, value)),
  );
}

/**
 * Reads report.json.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function parseReport(text: string, source: string): CircuitReport {
  return matchedJson(schema, readJson(text, source), source);
}
