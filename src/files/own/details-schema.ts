import * as v from 'valibot';
import { EdgewiseError } from '../../base/errors.js';
import { ROLES, VERDICTS } from '../../circuit/details.js';
import { readJson } from '../../base/json/json-fields.js';
import { oneLine } from '../../base/text.js';
import { attentionRow, listOf, shares } from './attention-json.js';
import { chanceList, count, finite, headDetectors, headTokens, share, tokenList } from './head-details-json.js';

/** Version of the format of details.json. */
export const DETAILS_VERSION = 4;
/**
 * Version 2 said nothing of detectors, and nothing of the tokens that heads write for tokens. Version 3 said nothing of
 * the circuit but the effects of edges, and nothing of where outputs are used.
 */
const READ_VERSIONS = [2, 3, DETAILS_VERSION] as const;

const numbers = listOf<number>(Number.isFinite, 'an array of finite numbers');
const numbersOrNull = listOf<number | null>((x) => x === null || Number.isFinite(x), 'an array of numbers or null');
const places = listOf<number>((x) => Number.isSafeInteger(x) && Number(x) >= 0, 'an array of whole numbers from 0');
const ranks = listOf<number | null>(
  (x) => x === null || (Number.isSafeInteger(x) && Number(x) >= 1),
  'an array of whole numbers from 1, or null',
);
const texts = listOf<string>((x) => typeof x === 'string', 'an array of texts');
/** What older versions do not have. */
const sinceThen = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema), null);

const prompt = v.object({
  clean: texts,
  corrupted: texts,
  position: count,
  correct: texts,
  wrong: texts,
  metrics: v.object({
    whole: v.nullable(finite),
    circuit: v.nullable(finite),
    empty: v.nullable(finite),
  }),
  logit_difference: v.nullable(finite),
  top: v.optional(chanceList, []),
  probability: sinceThen(v.object({ correct: share, wrong: share })),
});

const look = v.object({
  from: v.picklist(ROLES),
  at: v.picklist([...ROLES, 'self', 'previous']),
  share,
  prompts: count,
});

const node = v.object({
  attention_1e4: v.nullable(v.array(shares)),
  attention_corrupted_1e4: sinceThen(v.array(shares)),
  at: sinceThen(places),
  looks: v.optional(v.array(look), []),
  verdicts: v.optional(v.array(v.object({ kind: v.picklist(VERDICTS), share })), []),
  writes: v.optional(tokenList, []),
  answer_rank: sinceThen(ranks),
  in_circuit: sinceThen(numbersOrNull),
  direct: v.nullable(numbers),
  promotes: tokenList,
  suppresses: tokenList,
  detectors: sinceThen(headDetectors),
  ov: sinceThen(headTokens),
});

const schema = v.object({
  schema_version: v.picklist(READ_VERSIONS),
  of: v.object({
    model: v.string(),
    task: v.string(),
    kept_edges: count,
    ignored: v.exactOptional(v.array(v.string())),
  }),
  metric: v.string(),
  prompts: v.array(prompt),
  nodes: v.record(v.string(), node),
  rest: v.nullable(v.object({ writers: numbers, constants: numbers })),
  edges: v.record(v.string(), numbersOrNull),
  in_circuit: v.record(v.string(), numbersOrNull),
  reads: v.optional(v.record(v.string(), v.array(v.array(attentionRow))), {}),
  written_through: v.optional(v.record(v.string(), tokenList), {}),
  curve: sinceThen(v.array(v.object({ edges: count, metric: v.nullable(finite), faithfulness: v.nullable(finite) }))),
});

export type DetailsFile = v.InferOutput<typeof schema>;

/**
 * The JSON of details.json, with every length and range checked.
 *
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function readDetailsJson(text: string, source: string): DetailsFile {
  const result = v.safeParse(schema, readJson(text, source));
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map((item) => oneLine(String(item.key))).join('.') || 'the file';
    const expected = issue.type === 'custom' ? issue.message : (issue.expected ?? 'another value');
    const got = issue.received === 'undefined' ? 'is missing' : `got ${oneLine(issue.received)}, expected ${expected}`;
    throw new EdgewiseError('circuit', source, `${path}: ${got}`);
  }
  new Lengths(result.output, source).check();
  return result.output;
}

/** What a schema cannot say: lengths that go by the prompts. */
class Lengths {
  readonly #file: DetailsFile;
  readonly #source: string;

  constructor(file: DetailsFile, source: string) {
    this.#file = file;
    this.#source = source;
  }

  check(): void {
    const { prompts, nodes, rest, edges, in_circuit: inCircuit, reads } = this.#file;
    prompts.forEach(({ clean, corrupted, position }, n) => {
      this.#length(`prompts.${n}.corrupted`, corrupted, clean.length);
      this.#position(`prompts.${n}.position`, position, n);
    });
    for (const [name, one] of Object.entries(nodes)) this.#node(`nodes.${name}`, one);
    if (rest) {
      this.#length('rest.writers', rest.writers, prompts.length);
      this.#length('rest.constants', rest.constants, prompts.length);
    }
    for (const [name, effects] of Object.entries(edges)) this.#length(`edges.${name}`, effects, prompts.length);
    for (const [name, effects] of Object.entries(inCircuit)) {
      this.#length(`in_circuit.${name}`, effects, prompts.length);
    }
    for (const [name, ofPrompts] of Object.entries(reads)) this.#rows(`reads.${name}`, ofPrompts);
    this.#curve();
  }

  #node(field: string, one: DetailsFile['nodes'][string]): void {
    const { prompts, rest } = this.#file;
    const { attention_1e4: attention, attention_corrupted_1e4: corrupted, at, direct, looks } = one;
    if (attention) {
      this.#length(`${field}.attention_1e4`, attention, prompts.length);
      this.#triangles(`${field}.attention_1e4`, attention);
    }
    if (corrupted) {
      this.#allOrFirst(`${field}.attention_corrupted_1e4`, corrupted);
      this.#triangles(`${field}.attention_corrupted_1e4`, corrupted);
    }
    if (at) {
      this.#length(`${field}.at`, at, prompts.length);
      at.forEach((position, n) => this.#position(`${field}.at.${n}`, position, n));
    }
    if ((direct === null) !== (rest === null)) {
      this.#fail(`${field}.direct`, 'must be null exactly where rest is');
    }
    if (direct) this.#length(`${field}.direct`, direct, prompts.length);
    if (one.answer_rank) this.#length(`${field}.answer_rank`, one.answer_rank, prompts.length);
    if (one.in_circuit) this.#length(`${field}.in_circuit`, one.in_circuit, prompts.length);
    looks.forEach((look, i) => {
      if (look.prompts >= 1 && look.prompts <= prompts.length) return;
      this.#fail(`${field}.looks.${i}.prompts`, `got ${look.prompts}, expected 1 to ${prompts.length}`);
    });
  }

  #triangles(field: string, patterns: readonly (readonly number[])[]): void {
    patterns.forEach((values, n) => {
      const { length } = this.#file.prompts[n]!.clean;
      this.#length(`${field}.${n}`, values, (length * (length + 1)) / 2);
    });
  }

  #rows(field: string, ofPrompts: DetailsFile['reads'][string]): void {
    this.#allOrFirst(field, ofPrompts);
    ofPrompts.forEach((rows, n) =>
      rows.forEach(({ query, kept_1e4: kept, cut_1e4: cut }, i) => {
        this.#position(`${field}.${n}.${i}.query`, query, n);
        this.#length(`${field}.${n}.${i}.kept_1e4`, kept, query + 1);
        this.#length(`${field}.${n}.${i}.cut_1e4`, cut, query + 1);
      }),
    );
  }

  #curve(): void {
    const { curve, of } = this.#file;
    curve?.forEach(({ edges }, i) => {
      const before = curve[i - 1]?.edges ?? 0;
      if (edges > before && edges <= of.kept_edges) return;
      this.#fail(`curve.${i}.edges`, `got ${edges}, expected more than ${before} and at most ${of.kept_edges}`);
    });
  }

  #position(field: string, position: number, prompt: number): void {
    const { length } = this.#file.prompts[prompt]!.clean;
    if (position < length) return;
    this.#fail(field, `got ${position}, expected less than the ${length} tokens`);
  }

  /** Of a large file only the first prompt's are held. */
  #allOrFirst(field: string, list: readonly unknown[]): void {
    const { length } = this.#file.prompts;
    if (list.length === 1 && length > 1) return;
    this.#length(field, list, length);
  }

  #length(field: string, list: readonly unknown[], length: number): void {
    if (list.length !== length) this.#fail(field, `${list.length} values, expected ${length}`);
  }

  #fail(field: string, what: string): never {
    throw new EdgewiseError('circuit', this.#source, `${oneLine(field)}: ${what}`);
  }
}
