import { EdgewiseError } from '../../base/errors.js';
import { createScores, directScored, type Combination, type Scores } from '../../circuit/scores.js';
import type { Topology } from '../../circuit/topology.js';
import { fileTopology, resolveCircuit, type CircuitFile } from './circuit-file.js';
import { circuitFileOf } from './read-circuit-json.js';
import { SCHEMA_VERSION } from './circuit-json.js';
import { edgeLines, interchangeMembers, type InterchangeEntries } from './interchange.js';
import { asArray, asNumber, asObject, fail, readStrictJson, type JsonObject } from '../../base/json/json-fields.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { decodeScoresProvenance, encodeScoresProvenance, provenanceOfEffects } from './provenance-json.js';

/**
 * The scores in the interchange schema, with `edgewise.scores` beside it: `positive`, `provenance`, and `per_prompt`,
 * one array a prompt with its scores in the order of `edges` (`direct_per_prompt`: of `edgewise.direct_edges`); null
 * where not scored. `combined` says of which files the scores were made, and how. Node and neuron scores stand in the
 * schema's own places, `score` and `neurons_scores` of the writer.
 *
 * Every edge and node has `in_graph` true: nothing was cut. EAP-IG's `from_json` requires the key and MIB's evaluation
 * sets it anew before it chooses, so that to both the file is scores alone; a reader that takes it at its word gets the
 * whole model. Edges that were not scored have `score` 0, since `from_json` requires a number, and `"scored": false`.
 * `neurons` (all kept) goes with `neurons_scores`, because that reader's choice of neurons needs both.
 */
export function writeScoresJson(scores: Scores): string {
  const { topology, width, values, positive, provenance, perPrompt, combined } = scores;
  const { additionEdges, edgeCount } = topology;
  const { node, edge } = scoresEntries(scores);
  const entries: InterchangeEntries = {
    node,
    edge: (id) => ({ ...edge(id), ...(Number.isNaN(values[id]) ? { scored: false } : {}) }),
  };
  const direct = directScored(scores);
  const own = [entry('positive', positive)];
  if (provenance) {
    const fields = Object.entries(encodeScoresProvenance(provenance));
    own.push(
      block(
        'provenance',
        '{}',
        fields.map(([key, value]) => entry(key, value)),
      ),
    );
  }
  if (combined) own.push(combinationMember(combined));
  if (perPrompt) {
    // NaN is null in JSON.
    const rows = (from: number, to: number): string[] =>
      perPrompt.map((array) => JSON.stringify(Array.from(array.subarray(from, to))));
    own.push(block('per_prompt', '[]', rows(0, additionEdges)));
    if (direct) own.push(block('direct_per_prompt', '[]', rows(additionEdges, edgeCount)));
  }
  const edgewise = [
    entry('schema_version', SCHEMA_VERSION),
    block('scores', '{}', own),
    ...(direct ? [block('direct_edges', '{}', edgeLines(topology, additionEdges, edgeCount, entries))] : []),
  ];
  return jsonFile('{}', [...interchangeMembers(topology, width, entries), block('edgewise', '{}', edgewise)]);
}

/** Scores in the schema's own terms. */
export function scoresEntries({ width, values, nodes, neurons }: Scores): InterchangeEntries {
  const ofNode = (writer: number): JsonObject => {
    const score = nodes?.[writer];
    const row = neurons && width ? Array.from(neurons.subarray(writer * width, (writer + 1) * width)) : [];
    const scored = row.length > 0 && !row.some(Number.isNaN);
    return {
      ...(score === undefined || Number.isNaN(score) ? {} : { score }),
      ...(scored ? { neurons: row.map(() => true), neurons_scores: row } : {}),
    };
  };
  return {
    node: (_, writer) => ({ in_graph: true, ...(writer === null ? {} : ofNode(writer)) }),
    edge: (id) => ({ score: Number.isNaN(values[id]) ? 0 : values[id], in_graph: true }),
  };
}

/**
 * Reads scores: scores.json, a circuit.json of this program (its effects), or a file of EAP-IG or MIB, whose sign stays
 * open. What is in the circuit by the file is left aside.
 *
 * @param topology what the file must fit; without it the file's own `cfg` says.
 * @throws EdgewiseError kind `circuit`, naming the file and the field at fault.
 */
export function parseScores(text: string, source: string, topology?: Topology): Scores {
  const json = asObject(readStrictJson(text, source), source, 'the file');
  const file = circuitFileOf(json, source);
  return scoresOf(file, json, topology ?? fileTopology(file));
}

/** The same of JSON that is read already. */
export function scoresOf(file: CircuitFile, json: JsonObject, topology: Topology): Scores {
  const { source } = file;
  const circuit = resolveCircuit(file, topology);
  const { width, provenance } = circuit;
  const own = asObject(json['edgewise'] ?? {}, source, 'edgewise');
  const extra = asObject(own['scores'] ?? {}, source, 'edgewise.scores');
  try {
    return createScores({
      topology,
      width,
      values: circuit.effects,
      positive: provenance ? 'helps' : (circuit.imported?.positive ?? null),
      ...readNodes(json['nodes'], topology, width, source),
      perPrompt: readPrompts(extra, topology, source),
      ...readCombination(extra['combined'], source),
      provenance: file.scores ? (file.scores.provenance ?? null) : provenance && provenanceOfEffects(provenance),
    });
  } catch (error) {
    // Whatever is wrong with numbers of a file is said of the file.
    if (!(error instanceof EdgewiseError) || error.where === source) throw error;
    throw new EdgewiseError('circuit', source, error.message, { cause: error });
  }
}

function readNodes(
  json: unknown,
  topology: Topology,
  width: number | null,
  source: string,
): Pick<Scores, 'nodes' | 'neurons'> {
  const file = json === undefined ? {} : asObject(json, source, 'nodes');
  const nodes = new Float64Array(topology.writers.length).fill(NaN);
  let neurons: Float64Array | null = null;
  topology.writers.forEach((_, writer) => {
    const name = topology.writerName(writer);
    if (!Object.hasOwn(file, name) || typeof file[name] === 'boolean') return;
    const { score = null, neurons_scores: row } = asObject(file[name], source, `nodes["${name}"]`);
    nodes[writer] = asNumber(score, source, `nodes["${name}"].score`);
    if (row === undefined) return;
    const where = `nodes["${name}"].neurons_scores`;
    if (width === null) fail(source, where, row, 'cfg.d_model, which says how many there are');
    const numbers = asArray(row, source, where);
    if (numbers.length !== width) {
      throw new EdgewiseError(
        'circuit',
        source,
        `${where}: ${numbers.length} numbers, expected cfg.d_model (${width})`,
      );
    }
    neurons ??= new Float64Array(topology.writers.length * width).fill(NaN);
    neurons.set(
      numbers.map((value, i) => asNumber(value, source, `${where}[${i}]`)),
      writer * width,
    );
  });
  return { nodes: nodes.every(Number.isNaN) ? null : nodes, neurons };
}

function combinationMember({ how, parts }: Combination): string {
  const told = parts.map(({ hash, provenance }) => {
    return JSON.stringify({ hash, provenance: provenance && encodeScoresProvenance(provenance) });
  });
  return block('combined', '{}', [entry('how', how), block('parts', '[]', told)]);
}

function readCombination(json: unknown, source: string): Pick<Scores, 'combined'> {
  if (json === undefined) return {};
  const field = 'edgewise.scores.combined';
  const { how, parts } = asObject(json, source, field);
  if (typeof how !== 'string') fail(source, `${field}.how`, how, 'a text');
  return {
    combined: {
      how,
      parts: asArray(parts, source, `${field}.parts`).map((part, i) => {
        const where = `${field}.parts[${i}]`;
        const { hash, provenance } = asObject(part, source, where);
        if (typeof hash !== 'string') fail(source, `${where}.hash`, hash, 'a text');
        const own = provenance === null ? null : asObject(provenance, source, `${where}.provenance`);
        return { hash, provenance: own && decodeScoresProvenance(own, source) };
      }),
    },
  };
}

function readPrompts(extra: JsonObject, topology: Topology, source: string): readonly Float64Array[] | null {
  const { additionEdges, directEdges } = topology;
  if (extra['per_prompt'] === undefined) return null;
  const rows = (key: string, length: number): Float64Array[] =>
    asArray(extra[key], source, `edgewise.scores.${key}`).map((row, prompt) => {
      const where = `edgewise.scores.${key}[${prompt}]`;
      const numbers = asArray(row, source, where);
      if (numbers.length === length) return Float64Array.from(numbers, (value) => asNumber(value, source, where));
      throw new EdgewiseError(
        'circuit',
        source,
        `${where}: ${numbers.length} numbers, expected one per edge (${length})`,
      );
    });
  const addition = rows('per_prompt', additionEdges);
  const direct = extra['direct_per_prompt'] === undefined ? null : rows('direct_per_prompt', directEdges);
  if (direct && direct.length !== addition.length) {
    fail(
      source,
      'edgewise.scores.direct_per_prompt',
      direct.length,
      `as many prompts as per_prompt has (${addition.length})`,
    );
  }
  return addition.map((row, prompt) => {
    const all = new Float64Array(topology.edgeCount).fill(NaN);
    all.set(row);
    if (direct) all.set(direct[prompt]!, additionEdges);
    return all;
  });
}
