import * as v from 'valibot';

import { EdgewiseError } from '../../base/errors.js';
import { type CircuitDetails, type NodeDetails, type PromptDetails } from '../../circuit/details.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { readJson } from '../../base/json/json-fields.js';
import { oneLine } from '../../base/text.js';
import {
  count,
  decodeDetectors,
  decodeHeadTokens,
  encodeDetectors,
  encodeHeadTokens,
  encodeTokens,
  finite,
  headDetectors,
  headTokens,
  rounded,
  tokenList,
} from './head-details-json.js';

/** Version of the format of details.json. */
export const DETAILS_VERSION = 3;
/** Version 2 said nothing of detectors, and nothing of the tokens that heads write for tokens. */
const READ_VERSIONS = [2, DETAILS_VERSION] as const;

/** Attention is written as whole numbers in units of this. */
const ATTENTION_UNIT = 1e-4;

/**
 * The details as the text of details.json, keys spelled as in circuit.json: one prompt, node or edge a
 * line. `attention_1e4` holds per prompt the lower triangle of the pattern row by row, in units of 1e-4. What
 * is not finite is null.
 */
export function writeDetails(details: CircuitDetails): string {
  const { of, metric, prompts, nodes, rest, edges, inCircuit } = details;
  const members = [
    entry('schema_version', DETAILS_VERSION),
    entry('of', { model: of.model, task: of.task, kept_edges: of.keptEdges, ignored: of.ignored }),
    entry('metric', metric),
    block(
      'prompts',
      '[]',
      prompts.map((prompt) => JSON.stringify(encodePrompt(prompt))),
    ),
    block(
      'nodes',
      '{}',
      Object.entries(nodes).map(([name, node]) => entry(name, encodeNode(node, prompts))),
    ),
    entry('rest', rest && { writers: rest.writers.map(rounded), constants: rest.constants.map(rounded) }),
    block(
      'edges',
      '{}',
      Object.entries(edges).map(([name, effects]) => entry(name, effects.map(rounded))),
    ),
    block(
      'in_circuit',
      '{}',
      Object.entries(inCircuit).map(([name, effects]) => entry(name, effects.map(rounded))),
    ),
  ];
  return jsonFile('{}', members);
}

function encodePrompt({ logitDifference, metrics, ...prompt }: PromptDetails): object {
  const { clean, corrupted, position, correct, wrong } = prompt;
  const { whole, circuit, empty } = metrics;
  const value = (x: number | null): number | null => (x === null ? null : rounded(x));
  return {
    clean,
    corrupted,
    position,
    correct,
    wrong,
    metrics: { whole: value(whole), circuit: value(circuit), empty: value(empty) },
    logit_difference: value(logitDifference),
  };
}

function encodeNode(
  { attention, direct, promotes, suppresses, detectors, ov }: NodeDetails,
  prompts: readonly PromptDetails[],
) {
  return {
    attention_1e4: attention && attention.map((pattern, n) => lowerTriangle(pattern, prompts[n]!.clean.length)),
    direct: direct && direct.map(rounded),
    promotes: encodeTokens(promotes),
    suppresses: encodeTokens(suppresses),
    detectors: detectors && encodeDetectors(detectors),
    ov: ov && encodeHeadTokens(ov),
  };
}

function lowerTriangle(pattern: Float32Array, length: number): number[] {
  const values: number[] = [];
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) values.push(Math.round(pattern[query * length + key]! / ATTENTION_UNIT));
  }
  return values;
}

function fromLowerTriangle(values: readonly number[], length: number): Float32Array {
  const pattern = new Float32Array(length * length);
  let at = 0;
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) pattern[query * length + key] = values[at++]! * ATTENTION_UNIT;
  }
  return pattern;
}

/** Long lists are checked as a whole: an issue for each of a million numbers would take longer than all else. */
const listOf = <T>(fits: (value: unknown) => boolean, expected: string) =>
  v.custom<readonly T[]>((list) => Array.isArray(list) && list.every(fits), expected);
const numbers = listOf<number>(Number.isFinite, 'an array of finite numbers');
const numbersOrNull = listOf<number | null>((x) => x === null || Number.isFinite(x), 'an array of numbers or null');
const shares = listOf<number>(
  (x) => Number.isInteger(x) && Number(x) >= 0 && Number(x) <= 1 / ATTENTION_UNIT,
  'an array of integers from 0 to 10000',
);
const texts = listOf<string>((x) => typeof x === 'string', 'an array of texts');
const schema = v.object({
  schema_version: v.picklist(READ_VERSIONS),
  of: v.object({
    model: v.string(),
    task: v.string(),
    kept_edges: count,
    ignored: v.exactOptional(v.array(v.string())),
  }),
  metric: v.string(),
  prompts: v.array(
    v.object({
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
    }),
  ),
  nodes: v.record(
    v.string(),
    v.object({
      attention_1e4: v.nullable(v.array(shares)),
      direct: v.nullable(numbers),
      promotes: tokenList,
      suppresses: tokenList,
      detectors: v.optional(v.nullable(headDetectors), null),
      ov: v.optional(v.nullable(headTokens), null),
    }),
  ),
  rest: v.nullable(v.object({ writers: numbers, constants: numbers })),
  edges: v.record(v.string(), numbersOrNull),
  in_circuit: v.record(v.string(), numbersOrNull),
});

type DetailsFile = v.InferOutput<typeof schema>;

/**
 * Reads details.json. Names of nodes and edges are not compared with any circuit, see detailsFit.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the first field at fault.
 */
export function parseDetails(text: string, source: string): CircuitDetails {
  const result = v.safeParse(schema, readJson(text, source));
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map((item) => oneLine(String(item.key))).join('.') || 'the file';
    const expected = issue.type === 'custom' ? issue.message : (issue.expected ?? 'another value');
    const got = issue.received === 'undefined' ? 'is missing' : `got ${oneLine(issue.received)}, expected ${expected}`;
    throw new EdgewiseError('circuit', source, `${path}: ${got}`);
  }
  checkLengths(result.output, source);
  return decode(result.output);
}

function checkLengths({ prompts, nodes, rest, edges, in_circuit: inCircuit }: DetailsFile, source: string): void {
  const expectLength = (field: string, list: readonly unknown[], length: number): void => {
    if (list.length === length) return;
    throw new EdgewiseError('circuit', source, `${oneLine(field)}: ${list.length} values, expected ${length}`);
  };
  prompts.forEach(({ clean, corrupted, position }, n) => {
    expectLength(`prompts.${n}.corrupted`, corrupted, clean.length);
    if (position < clean.length) return;
    const what = `prompts.${n}.position: got ${position}, expected less than the ${clean.length} tokens`;
    throw new EdgewiseError('circuit', source, what);
  });
  for (const [name, { attention_1e4: attention, direct }] of Object.entries(nodes)) {
    if (attention) {
      expectLength(`nodes.${name}.attention_1e4`, attention, prompts.length);
      attention.forEach((values, n) => {
        const { length } = prompts[n]!.clean;
        expectLength(`nodes.${name}.attention_1e4.${n}`, values, (length * (length + 1)) / 2);
      });
    }
    if ((direct === null) !== (rest === null)) {
      const what = `nodes.${oneLine(name)}.direct: must be null exactly where rest is`;
      throw new EdgewiseError('circuit', source, what);
    }
    if (direct) expectLength(`nodes.${name}.direct`, direct, prompts.length);
  }
  if (rest) {
    expectLength('rest.writers', rest.writers, prompts.length);
    expectLength('rest.constants', rest.constants, prompts.length);
  }
  for (const [name, effects] of Object.entries(edges)) expectLength(`edges.${name}`, effects, prompts.length);
  for (const [name, effects] of Object.entries(inCircuit)) {
    expectLength(`in_circuit.${name}`, effects, prompts.length);
  }
}

function decode({
  of: { kept_edges: keptEdges, ...of },
  metric,
  prompts,
  nodes,
  rest,
  edges,
  in_circuit: inCircuit,
}: DetailsFile): CircuitDetails {
  const lengths = prompts.map((prompt) => prompt.clean.length);
  const values = <T, U>(record: Readonly<Record<string, T>>, decodeValue: (value: T) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, decodeValue(value)]));
  return {
    of: { ...of, keptEdges },
    metric,
    prompts: prompts.map(({ logit_difference: logitDifference, ...prompt }) => ({
      ...prompt,
      logitDifference,
      top: [],
      probability: null,
    })),
    nodes: values(nodes, ({ attention_1e4: attention, detectors, ov, ...node }) => ({
      attention: attention && attention.map((triangle, n) => fromLowerTriangle(triangle, lengths[n]!)),
      corruptedAttention: null,
      at: null,
      writes: [],
      answerRank: null,
      inCircuit: null,
      looks: [],
      verdicts: [],
      ...node,
      detectors: detectors && decodeDetectors(detectors),
      ov: ov && decodeHeadTokens(ov),
    })),
    rest,
    edges: values(edges, (effects) => effects.map((effect) => effect ?? Number.NaN)),
    inCircuit: values(inCircuit, (effects) => effects.map((effect) => effect ?? Number.NaN)),
    reads: {},
    writtenThrough: {},
    curve: null,
  };
}

/** What the size of details.json depends on. */
export interface DetailsExtent {
  /** Tokens of each prompt. */
  readonly lengths: readonly number[];
  readonly heads: number;
  /** Nodes but `logits`, heads among them. */
  readonly nodes: number;
  readonly edges: number;
}

/** About how many bytes details.json will take, known before anything is computed; patterns are what grows. */
export function estimateDetailsBytes({ lengths, heads, nodes, edges }: DetailsExtent): number {
  const attention = lengths.reduce((sum, n) => sum + (n * (n + 1)) / 2, 0);
  const tokenTexts = lengths.reduce((sum, n) => sum + n, 0);
  const BYTES_OF = { share: 4, number: 11, text: 9, prompt: 200, node: 800, head: 7000, edge: 40 };
  return (
    BYTES_OF.share * heads * attention +
    BYTES_OF.head * heads +
    BYTES_OF.number * lengths.length * (nodes + edges + 2) +
    BYTES_OF.text * 2 * tokenTexts +
    BYTES_OF.prompt * lengths.length +
    BYTES_OF.node * nodes +
    BYTES_OF.edge * edges
  );
}
