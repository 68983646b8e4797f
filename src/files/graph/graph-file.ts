import { EdgewiseError } from '../../base/errors.js';
import { asObject, assertFinite, fail, type JsonObject } from '../../base/json/json-fields.js';
import { quote } from '../../base/text.js';
import type { Provenance } from '../../circuit/circuit.js';
import { hasBranches, isSharedLink } from '../../circuit/nodes.js';
import type { FileEdge, FileNode, ReadCircuit } from '../own/circuit-file.js';
import { columnInCircuit } from '../own/in-circuit-json.js';
import { decodeConfig, type FileConfig } from '../own/config-json.js';
import { decodeProvenance } from '../own/provenance-json.js';
import { leastShape, shapeOfNames, type ShapeHints } from '../../circuit/shape-of-names.js';

/** Values of a node or an edge by their names, as the file spells them. */
export type GraphValues = ReadonlyMap<string, string>;

export interface GraphFileEdge {
  /** The edge's own name in the file; null where it has none. */
  readonly id: string | null;
  readonly source: string;
  readonly target: string;
  readonly values: GraphValues;
}

/** A directed graph as a GEXF or GraphML file holds it. */
export interface GraphFile {
  /** The file's name, for messages. */
  readonly source: string;
  /** The text that describes the graph; undefined where there is none. */
  readonly description: string | undefined;
  readonly nodes: ReadonlyMap<string, GraphValues>;
  readonly edges: readonly GraphFileEdge[];
}

/** The form knows nothing smaller than a node. */
const WHOLE: FileNode = { neurons: 0, leftOut: 0 };

/**
 * The circuit in a graph whose nodes and edges are named as Edgewise names them. A graph of ours gives back its edges,
 * effects, steps, provenance, and the shape and width of its model. Three things have no place in these formats:
 * - which edges were removed without a test,
 * - for an imported circuit, what a positive score means and how the edges were chosen,
 * - the effects of edges that the file leaves out because the circuit does not keep them.
 *
 * In a graph of another program `weight` counts as the effect where no edge has an effect.
 *
 * @throws EdgewiseError kind `circuit` that names the node or edge at fault.
 */
export function circuitOfGraph({ source, description, nodes, edges }: GraphFile): ReadCircuit {
  const provenance = provenanceAt(nodes, source);
  const hasEffects = provenance !== undefined || edges.some(({ values }) => values.has('effect'));
  const addition = new Map<string, FileEdge>();
  const direct = new Map<string, FileEdge>();
  const worth = new Map<string, number | undefined>();
  for (const edge of edges) {
    for (const end of [edge.source, edge.target]) {
      if (nodes.has(end)) continue;
      const what = `edge ${quote(edge.id ?? `${edge.source}->${edge.target}`)}: its end ${quote(end)} is no node of the file`;
      throw new EdgewiseError('circuit', source, what);
    }
    if (isSharedLink(edge.source, edge.target)) continue;
    const name = edgeNameOf(edge, source);
    const home = edge.source === edge.target ? direct : addition;
    if (home.has(name)) throw new EdgewiseError('circuit', source, `edge ${quote(name)}: is there twice`);
    if (edge.values.has('effect_in_circuit')) worth.set(name, numberIn(edge.values, 'effect_in_circuit'));
    home.set(name, fileEdge(edge.values, hasEffects ? 'effect' : 'weight', `edge ${quote(name)}`, source));
  }
  const directTested = provenance?.directEdges ?? direct.size > 0;
  const cfg = configAt(nodes, source);
  const hints = { edges: [...addition.keys()], candidates: candidatesIn(description), direct: directTested, source };
  const found = shapeFound([...nodes.keys()], cfg, hints);
  return {
    file: {
      source,
      edges: addition,
      directEdges: directTested || direct.size > 0 ? direct : undefined,
      nodes: new Map([...nodes.keys()].map((name) => [name, WHOLE])),
      untestedRemovals: [],
      cfg: cfg ?? (found.doubt === null ? { ...found.shape, width: null } : undefined),
      provenance,
      scores: undefined,
      imported: undefined,
      inCircuit: columnInCircuit(worth),
      view: undefined,
    },
    notes: [],
    ...(found.doubt === null ? {} : { found }),
  };
}

function fileEdge(values: GraphValues, effectName: string, where: string, source: string): FileEdge {
  const wrong = (name: string, expected: string): never => {
    const what = `${where}: ${name}: got ${quote(values.get(name))}, expected ${expected}`;
    throw new EdgewiseError('circuit', source, what);
  };
  const step = numberIn(values, 'step') ?? -1;
  if (!(Number.isInteger(step) && step >= -1 && step < 2 ** 31)) wrong('step', 'an integer from 0');
  const inCircuit = values.get('in_circuit') ?? 'true';
  if (!/^(true|false|1|0)$/i.test(inCircuit)) wrong('in_circuit', 'true or false');
  const effect = numberIn(values, effectName) ?? NaN;
  if (!Number.isFinite(effect) && !NOT_FINITE.test(values.get(effectName) ?? '')) {
    wrong(effectName, Number.isNaN(effect) ? 'a number' : 'a finite number');
  }
  const notNumber = Number.isNaN(effect) && (values.get(effectName) ?? '').trim() !== '';
  return { score: effect, inGraph: /^(true|1)$/i.test(inCircuit), step, ...(notNumber && { notNumber }) };
}

/** How programs spell what is no number. An effect of this kind counts as not measured. */
const NOT_FINITE = /^\s*([+-]?(nan|inf|infinity))?\s*$/i;

/** The number of that name, NaN where it is none; undefined where there is no value. */
function numberIn(values: GraphValues, name: string): number | undefined {
  const text = values.get(name)?.trim() ?? '';
  if (text === '') return undefined;
  return NOT_FINITE.test(text) ? NaN : Number(text);
}

/** The edge's name by its ends and its port. Without a port the name that the file gives the edge may hold it. */
function edgeNameOf({ id, source: from, target: to, values }: GraphFileEdge, source: string): string {
  if (!hasBranches(to)) return `${from}->${to}`;
  const port = values.get('port') ?? values.get('kind') ?? '';
  const own = values.get('name') ?? id ?? '';
  const branch = /^[qkv]$/.test(port) ? port : /<([qkv])>/.exec(own)?.[1];
  if (branch === undefined) {
    const what = `edge ${quote(own === '' ? `${from}->${to}` : own)}: no port q, k or v, which an edge into a head or a key/value head needs`;
    throw new EdgewiseError('circuit', source, what);
  }
  return from === to ? `${to}<${branch}>->${to}` : `${from}->${to}<${branch}>`;
}

/** The run's provenance, if the nodes hold it. @throws EdgewiseError kind `circuit` that names the field at fault. */
export function provenanceAt(nodes: GraphFile['nodes'], source: string): Provenance | undefined {
  return atTerminals(nodes, 'meta_json', source, (json) => decodeProvenance(json, source));
}

/** The model's shape, where the nodes hold it. @throws EdgewiseError kind `circuit` that names the field at fault. */
export function configAt(nodes: GraphFile['nodes'], source: string): FileConfig | undefined {
  return atTerminals(nodes, 'cfg_json', source, (json, field) => decodeConfig(json, source, field));
}

/** What `input` and `logits` hold both, or one of them alone: people delete nodes. */
function atTerminals<T>(
  nodes: GraphFile['nodes'],
  name: string,
  source: string,
  decode: (json: JsonObject, field: string) => T,
): T | undefined {
  const [first, second = first] = ['input', 'logits'].flatMap((node) => {
    const field = `node "${node}": ${name}`;
    const json = jsonIn(nodes.get(node)?.get(name), source, field);
    return json ? [decode(json, field)] : [];
  });
  if (JSON.stringify(first) === JSON.stringify(second)) return first;
  throw new EdgewiseError('circuit', source, `${name}: nodes "input" and "logits" say different things`);
}

/** The object in a JSON text that stands in a field of another file; undefined where there is no text. */
export function jsonIn(text: unknown, source: string, field: string): JsonObject | undefined {
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string') fail(source, field, text, 'a text');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new EdgewiseError('circuit', source, `${field} is not valid JSON`);
  }
  assertFinite(text, json, `${source}, ${field}`);
  return asObject(json, source, field);
}

/** The shape that is stated, or what the names tell of it: in doubt the smallest one that has them. */
function shapeFound(
  names: readonly string[],
  stated: FileConfig | undefined,
  hints: ShapeHints,
): NonNullable<ReadCircuit['found']> {
  const least = { ...leastShape(names, hints.source), parallel: false };
  if (stated) return { shape: stated, doubt: null };
  const { shape, doubt } = shapeOfNames(names, hints);
  return { shape: doubt === null ? shape : least, doubt };
}

/** The number of candidate edges in a description of ours, `94 of 1519 edges`. */
function candidatesIn(description: string | undefined): number | null {
  const match = /\b\d+ of (\d{1,9}) edges\b/.exec(description ?? '');
  return match ? Number(match[1]) : null;
}

/** Adds a part of the text of a value: XML gives long texts in parts. */
export function appendText(texts: Map<string, string>, key: string, text: string): void {
  texts.set(key, (texts.get(key) ?? '') + text);
}
