import { EdgewiseError } from '../base/errors.js';
import { readJson, readStrictJson } from '../base/json/json-fields.js';
import { parsePythonJson } from '../base/json/python-json.js';
import { isObject } from '../base/json/strict-json.js';
import { oneLine, quote } from '../base/text.js';
import { createCircuit, type Circuit } from '../circuit/circuit.js';
import { inWords, leastShape } from '../circuit/shape-of-names.js';
import { isGrouped, parseNode } from '../circuit/nodes.js';
import { Topology } from '../circuit/topology.js';
import { shapeOf } from '../circuit/topology-shape.js';
import { formatOf, INPUT_FORMATS, type FileContent, type Format, type InputFormat } from './formats.js';
import { inCircuitOf } from './own/in-circuit-json.js';
import { stabilityIn } from './own/stability-json.js';
import {
  endsOfName,
  fileTopology,
  resolveCircuit,
  type CircuitFile,
  type ModelShape,
  type ReadCircuit,
} from './own/circuit-file.js';

export interface OpenCircuitOptions {
  /** What the file is. `auto`, the default, tells it by the content. */
  readonly format?: InputFormat | 'auto';
  /** What the file must fit. It is needed where the file does not say its model's shape. */
  readonly model?: ModelShape | null;
  /** In JSON, a key that is there twice in one object is an error. Otherwise the last one counts. */
  readonly strict?: boolean;
  /**
   * Where the file does not state its model's shape, the smallest shape with its nodes will do, and `sizesKnown` is
   * false. Otherwise it is an error.
   */
  readonly acceptLeastShape?: boolean;
  /** How a person can say the shape, for the message about a file without one. */
  readonly shapeHint?: string;
}

/** A circuit file that was opened. */
export interface OpenedCircuit {
  readonly format: InputFormat;
  /** The content by names. */
  readonly file: CircuitFile;
  /** The parsed file, where it is JSON. */
  readonly json: unknown;
  readonly circuit: Circuit;
  /** False where the model has at least the circuit's layers and heads, and may have more. */
  readonly sizesKnown: boolean;
  /** What a person should know of the reading. */
  readonly notes: readonly string[];
}

/**
 * Opens a circuit file of any format that is read here, see `INPUT_FORMATS`. What the file does not hold is not known
 * afterwards: `circuitOfGraph` and `readTraceCircuit` say what their formats leave out.
 *
 * @param text the whole file.
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the place at fault. The file is broken, or of no format
 *   that is read, or does not fit the model, or does not tell its model's shape where no model is given.
 */
export function openCircuit(text: string, source: string, options: OpenCircuitOptions = {}): OpenedCircuit {
  const { model = null, format: asked = 'auto' } = options;
  const bare = text.replace(/^\ufeff/, '');
  const syntax = asked === 'auto' ? syntaxOf(bare, source) : formatOf(asked).syntax;
  const content = { text: bare, json: syntax === 'json' ? parsed(bare, source, options) : undefined };
  const format = asked === 'auto' ? formatBy(syntax, content, source) : asked;
  const { read, needsModel, title } = formatOf(format);
  if (needsModel && !model) throw withoutShape(source, `${title} does not say what model the circuit is of`, options);
  const result = read!(content, source, model);
  const { topology, sizesKnown, notes } = shapeFor(result, options);
  const named = resolveCircuit(result.file, topology);
  const said = result.file.inCircuit;
  const inCircuit = said && inCircuitOf(said, named);
  const found = result.file.stability;
  const stability = found === undefined ? undefined : stabilityIn(found, named);
  const width = widthOf(result.file, model);
  const circuit = createCircuit({ ...named, width, ...(inCircuit && { inCircuit }), ...(stability && { stability }) });
  return {
    format,
    file: result.file,
    json: content.json,
    circuit,
    sizesKnown,
    notes: [
      ...result.notes,
      ...notes,
      ...(said && !inCircuit ? [`${source}: ${CHANGED}`] : []),
      ...(found !== undefined && !stability ? [`${source}: ${UNCOUNTED}`] : []),
    ],
  };
}

const CHANGED = 'its effects in the circuit and its curve are of other edges than it keeps, and are left out';

const UNCOUNTED = 'its edgewise.stability does not say how often each of its edges was found, and is left out';

/** Formats that are read, in words. */
export function readableFormats(): string {
  return INPUT_FORMATS.map((name) => formatOf(name).title).join(', ');
}

function syntaxOf(text: string, source: string): Format['syntax'] {
  const first = text.trimStart()[0];
  if (first === undefined) throw unreadable(source, 'is empty');
  if (first === '<') return 'xml';
  if (first === '{' && startsWithDecision(text)) return 'lines';
  if (first === '{' || first === '[') return 'json';
  throw unreadable(source, isJson(text) ? 'is JSON, but no object' : 'is neither JSON nor XML');
}

function formatBy(syntax: Format['syntax'], { text, json }: FileContent, source: string): InputFormat {
  if (syntax === 'lines') return 'trace';
  return syntax === 'xml' ? xmlFormat(text, source) : jsonFormat(json, source);
}

/** More characters than a line of a trace has: the names of two nodes and three numbers. */
const MAX_DECISION = 1000;

/** Whether the first line is a decision of a trace. */
function startsWithDecision(text: string): boolean {
  const [line = ''] = text.trimStart().slice(0, MAX_DECISION).split('\n', 1);
  try {
    const json: unknown = JSON.parse(line);
    return isObject(json) && 'step' in json && 'edge' in json && 'kept' in json;
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    parsePythonJson(text);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string, source: string, { strict = false }: OpenCircuitOptions): unknown {
  if (strict) return readStrictJson(text, source);
  try {
    return readJson(text, source);
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    throw unreadable(source, error.message.slice(`${source}: `.length));
  }
}

/** Where the root element of an XML file is looked for, in characters. */
const XML_HEAD = 65_536;

function xmlFormat(text: string, source: string): InputFormat {
  const head = text.slice(0, XML_HEAD).replaceAll(/<!--[^]*?(?:-->|$)/g, '');
  const root = /<([a-z][\w:-]*)/i.exec(head)?.[1];
  if (root === 'gexf' || root === 'graphml') return root;
  throw unreadable(source, `is XML or HTML (${oneLine(root ?? 'no element')}), but neither GEXF nor GraphML`);
}

function jsonFormat(json: unknown, source: string): InputFormat {
  // Edge Pruning keeps at least the edges of its embeddings or of one reader: a list of nothing is no result of it.
  if (Array.isArray(json) && Array.isArray(json[0])) return 'edge-pruning';
  if (!isObject(json)) throw unreadable(source, 'is JSON, but neither an object nor a list of pairs');
  const { edges, links, nodes } = json;
  if (Array.isArray(links) && Array.isArray(nodes) && 'metadata' in json) {
    throw unreadable(source, 'is an attribution graph of features, as circuit-tracer writes it');
  }
  if (Array.isArray(nodes) && (Array.isArray(edges) || Array.isArray(links))) return 'node-link';
  if (isObject(edges)) return 'edgewise' in json ? 'json' : 'eap-ig';
  if ('edges' in json) throw unreadable(source, `edges: got ${quote(edges)}, expected an object of edges by name`);
  const keys = Object.keys(json).slice(0, 5).map(quote);
  const holds = keys.length === 0 ? 'an empty object' : `an object with ${keys.join(', ')}`;
  throw unreadable(source, `is JSON, but no circuit: ${holds}, without "edges" by name`);
}

function unreadable(source: string, what: string): EdgewiseError {
  return new EdgewiseError('circuit', source, `${what}. Readable are ${readableFormats()}`);
}

function withoutShape(source: string, what: string, { shapeHint }: OpenCircuitOptions): EdgewiseError {
  return new EdgewiseError('circuit', source, shapeHint === undefined ? what : `${what}; ${shapeHint}`);
}

/** The topology to open a file in: the model's, the file's own, or what its names tell. */
function shapeFor(
  { file, found }: ReadCircuit,
  options: OpenCircuitOptions,
): Pick<OpenedCircuit, 'sizesKnown' | 'notes'> & { readonly topology: Topology } {
  const known = { sizesKnown: true, notes: [] };
  if (options.model) return { topology: topologyFor(file, options.model), ...known };
  if (file.cfg) return { topology: fileTopology(file), ...known };
  const { shape, doubt } = found ?? leastOf(file, options);
  const topology = new Topology(shape, file.source);
  if (doubt === null) return { topology, ...known };
  const what = `${doubt}; it has at least ${inWords(shape)}`;
  if (!options.acceptLeastShape) throw withoutShape(file.source, what, options);
  return { topology, sizesKnown: false, notes: [`${file.source}: ${what}`] };
}

/** The model's topology, with the ports that the file has, where the caller takes either kind. */
function topologyFor(file: CircuitFile, { topology, kvHeads }: ModelShape): Topology {
  const grouped = hasSharedPorts(file);
  if (kvHeads === undefined || grouped === undefined) return topology;
  const kvPorts = grouped ? kvHeads : topology.heads;
  return kvPorts === topology.kvPorts ? topology : new Topology({ ...shapeOf(topology), kvPorts }, file.source);
}

/** Whether heads share key and value ports in the file: it says so, or names a port. Undefined: it does neither. */
function hasSharedPorts({ cfg, edges, directEdges, nodes }: CircuitFile): boolean | undefined {
  if (cfg) return isGrouped(cfg);
  for (const node of nodes.keys()) if (parseNode(node)?.kind === 'kv') return true;
  for (const names of [edges.keys(), directEdges?.keys() ?? []]) {
    for (const name of names) {
      const [, kind] = /\.(h|kv)\d+<[kv]>/.exec(name) ?? [];
      if (kind !== undefined) return kind === 'kv';
    }
  }
  return undefined;
}

/** Names of all nodes that the file knows of. */
function namesOf({ edges, directEdges, nodes }: CircuitFile): string[] {
  const names = [...edges.keys(), ...(directEdges?.keys() ?? [])];
  return [...nodes.keys(), ...names.flatMap((name) => endsOfName(name) ?? [])];
}

/** The smallest shape with the nodes that the file names. */
function leastOf(file: CircuitFile, options: OpenCircuitOptions): NonNullable<ReadCircuit['found']> {
  const names = namesOf(file);
  const doubt = 'the file does not say what model the circuit is of';
  if (names.length === 0) throw withoutShape(file.source, doubt, options);
  return { shape: { ...leastShape(names, file.source), parallel: false }, doubt };
}

function widthOf({ source, cfg }: CircuitFile, model: ModelShape | null): number | null {
  const [own, given] = [cfg?.width ?? null, model?.width ?? null];
  if (own !== null && given !== null && own !== given) {
    throw new EdgewiseError('circuit', source, `width ${own}, expected ${given} (circuit of another model?)`);
  }
  return own ?? given;
}
