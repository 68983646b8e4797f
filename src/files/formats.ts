import type { EdgeSet } from '../circuit/edge-set.js';
import type { Circuit } from '../circuit/circuit.js';
import type { Scores } from '../circuit/scores.js';
import { toGraph } from './graph/circuit-graph.js';
import { writeDot } from './graph/dot.js';
import { writeGexf } from './graph/gexf.js';
import { writeGraphml } from './graph/graphml.js';
import { readNodeLink, writeNodeLink } from './graph/node-link.js';
import { readGexf } from './graph/read-gexf.js';
import { readGraphml } from './graph/read-graphml.js';
import type { ModelShape, ReadCircuit } from './own/circuit-file.js';
import { writeCircuitJson, writeSparseCircuitJson } from './own/circuit-json.js';
import { circuitFileOf } from './own/read-circuit-json.js';
import { writeScoresJson } from './own/scores-json.js';
import { readTraceCircuit } from './own/trace-circuit.js';
import { writeAcdcNames } from './tools/acdc-names.js';
import { withListedGraph, writeAttributionGraph, type AttributionGraphOptions } from './tools/attribution-graph.js';
import { writeEapIg, writeEapIgScores } from './tools/eap-ig.js';
import { readEdgePruning, writeEdgePruning } from './tools/edge-pruning.js';
import { mibCircuits, mibImportances, type FolderTexts } from './tools/mib-folder.js';

/**
 * A circuit as the text of a file: the kept edges alone unless `allEdges`. A format that says of each edge whether it
 * is in the circuit always holds all edges.
 */
export type CircuitWriter = (circuit: Circuit, options?: CircuitWriterOptions) => string;

export interface CircuitWriterOptions extends AttributionGraphOptions {
  /** The kept edges alone in a format that can say so (`canBeSparse`), and otherwise holds all. Default false. */
  readonly sparse?: boolean;
}

/**
 * Scores as the files of a folder, by their paths. `choose` gives the best edges of a number, for circuits of sizes.
 */
export type ScoresFolderWriter = (
  scores: Scores,
  taskModel: string,
  choose: (scores: Scores, edges: number) => EdgeSet,
) => FolderTexts;

/** A file's content, as far as its kind is known: its text, and the parsed JSON where it is JSON. */
export interface FileContent {
  readonly text: string;
  readonly json: unknown;
}

/**
 * What a reader makes of a file. `model` is null where the caller does not know it.
 *
 * @throws EdgewiseError kind `circuit` that names the file and the place at fault.
 */
export type CircuitReader = (content: FileContent, source: string, model: ModelShape | null) => ReadCircuit;

/** One format of files: what it is, who uses it, and how it is written and read here. */
export interface Format {
  /** What the file is called. */
  readonly title: string;
  /** Programs that read or write it. */
  readonly program: string;
  /** What it holds of a circuit. */
  readonly about: string;
  /** End of the file's name, without the dot; null for a folder. */
  readonly extension: string | null;
  readonly write?: CircuitWriter;
  /** Writes scores from which nothing was chosen. Without it they are written as the circuit of all edges. */
  readonly writeScores?: (scores: Scores) => string;
  readonly writeFolder?: ScoresFolderWriter;
  /** Importances of signed scores: the sign must be known. */
  readonly needsSign?: true;
  /** Can say that it lists the kept edges alone. */
  readonly canBeSparse?: true;
  /** The page with a circuit in it, which the program that has the built viewer puts together. */
  readonly isPage?: true;
  /** Has a place for the tokens of a prompt, and for another name of the model. */
  readonly takesPrompt?: true;
  /** A list of such files in one folder: its name, and how a file is put into it. */
  readonly list?: { readonly name: string; readonly add: typeof withListedGraph };
  readonly read?: CircuitReader;
  /** How the text of a file that is read is spelled: one JSON value, XML, or a JSON value a line. */
  readonly syntax?: 'json' | 'xml' | 'lines';
}

const readInterchange: CircuitReader = ({ json }, source) => ({ file: circuitFileOf(json, source), notes: [] });

/** Every format, in the order of help texts. A further one is one file and one entry here. */
export const FORMATS = {
  json: {
    title: 'circuit.json and scores.json',
    program: 'Edgewise',
    about: 'all that is known of a circuit or of scores',
    extension: 'json',
    write: (circuit, { sparse = false } = {}) => (sparse ? writeSparseCircuitJson : writeCircuitJson)(circuit),
    canBeSparse: true,
    writeScores: writeScoresJson,
    read: readInterchange,
    syntax: 'json',
  },
  trace: {
    title: 'trace.jsonl',
    program: 'Edgewise',
    about: 'tested edges in order, kept or not, with the metric before and after; no provenance',
    extension: 'jsonl',
    read: ({ text }, source) => readTraceCircuit(text, source),
    syntax: 'lines',
  },
  gexf: {
    title: 'GEXF',
    program: 'Gephi, Gephi Lite, networkx, graphology',
    about: 'kept edges, effects, steps, provenance, layout and colours',
    extension: 'gexf',
    write: (circuit, options) => writeGexf(toGraph(circuit, options)),
    read: ({ text }, source) => readGexf(text, source),
    syntax: 'xml',
  },
  graphml: {
    title: 'GraphML',
    program: 'networkx, Gephi, igraph, yEd',
    about: 'kept edges, effects, steps, provenance',
    extension: 'graphml',
    write: (circuit, options) => writeGraphml(toGraph(circuit, options)),
    read: ({ text }, source) => readGraphml(text, source),
    syntax: 'xml',
  },
  'node-link': {
    title: 'node-link JSON',
    program: 'networkx',
    about: 'kept edges, effects, steps, provenance, sizes of the model, layout',
    extension: 'json',
    write: writeNodeLink,
    read: ({ json }, source) => ({ file: readNodeLink(json, source), notes: [] }),
    syntax: 'json',
  },
  dot: {
    title: 'DOT',
    program: 'Graphviz',
    about: 'a drawing of the kept edges',
    extension: 'dot',
    write: (circuit, options) => writeDot(toGraph(circuit, options)),
  },
  'eap-ig': {
    title: 'circuit JSON of EAP-IG and MIB',
    program: 'EAP-IG, MIB',
    about: 'every edge with its score, and whether it is kept',
    extension: 'json',
    write: (circuit) => writeEapIg(circuit),
    writeScores: writeEapIgScores,
    read: readInterchange,
    syntax: 'json',
  },
  'edge-pruning': {
    title: 'edges.json of Edge Pruning',
    program: 'Edge Pruning',
    about: 'names of the kept edges',
    extension: 'json',
    write: (circuit) => writeEdgePruning(circuit),
    read: ({ json }, source, model) => readEdgePruning(json, source, model?.topology),
    syntax: 'json',
  },
  acdc: {
    title: "ACDC's names of edges",
    program: 'ACDC',
    about: 'names and effects of the kept edges',
    extension: 'json',
    write: (circuit) => writeAcdcNames(circuit),
  },
  'attribution-graph': {
    title: 'attribution graph',
    program: 'the viewers of circuit-tracer and Neuronpedia',
    about:
      "nodes and summed links of the kept edges, in the form of a graph of features; --out takes the viewer's folder",
    extension: 'json',
    write: writeAttributionGraph,
    takesPrompt: true,
    list: { name: 'graph-metadata.json', add: withListedGraph },
  },
  html: {
    title: 'page',
    program: 'a browser',
    about: 'the viewer with the circuit in it, as one file',
    extension: 'html',
    isPage: true,
  },
  mib: {
    title: "folder of MIB's circuit track",
    program: 'MIB',
    about: 'importances of all edges, as a submission takes them',
    extension: null,
    writeFolder: (scores, taskModel) => mibImportances(scores, taskModel),
    needsSign: true,
  },
  'mib-circuits': {
    title: "folder of MIB's circuit track",
    program: 'MIB',
    about: 'a circuit of each size that a submission is measured at',
    extension: null,
    writeFolder: mibCircuits,
  },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;
type NamesWith<Member extends keyof Format> = {
  [Name in FormatName]: (typeof FORMATS)[Name] extends Readonly<Record<Member, unknown>> ? Name : never;
}[FormatName];
/** Formats that a circuit can be written in, as text. */
export type CircuitFormat = NamesWith<'write'>;
/** Formats that a circuit can be read from. */
export type InputFormat = NamesWith<'read'>;

/** A format by its name, with all that a format can have. */
export function formatOf(name: FormatName): Format {
  return FORMATS[name];
}

/** Names of the formats that have all these members. */
export function formatsWith(...members: readonly (keyof Format)[]): FormatName[] {
  return (Object.keys(FORMATS) as FormatName[]).filter((name) => members.every((member) => member in FORMATS[name]));
}

/** Formats that `export` writes. */
export const OUTPUT_FORMATS: readonly FormatName[] = (Object.keys(FORMATS) as FormatName[]).filter((name) => {
  const { write, writeFolder, isPage } = formatOf(name);
  return write !== undefined || writeFolder !== undefined || isPage !== undefined;
});
export const INPUT_FORMATS = formatsWith('read') as readonly InputFormat[];

/** The writers of circuits by the names of their formats. */
export const CIRCUIT_WRITERS = Object.fromEntries(
  formatsWith('write').map((name) => [name, formatOf(name).write]),
) as Readonly<Record<CircuitFormat, CircuitWriter>>;
