import { EdgewiseError } from '../../base/errors.js';
import { isObject } from '../../base/json/strict-json.js';
import { quote } from '../../base/text.js';
import type { Provenance } from '../../circuit/circuit.js';
import { isHeadName } from '../../circuit/nodes.js';
import type { FileEdge, FileNode, ReadCircuit } from '../own/circuit-file.js';
import type { FileInCircuit } from '../own/in-circuit-json.js';
import { decodeProvenance } from '../own/provenance-json.js';
import { shapeOfNames } from '../../circuit/shape-of-names.js';

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
 * effects, steps and provenance. Four things have no place in these formats:
 * - the width of the residual stream,
 * - which edges were removed without a test,
 * - for an imported circuit, what a positive score means and how the edges were chosen,
 * - the effects of edges that the file leaves out because the circuit does not keep them.
 *
 * In a graph of another program `weight` counts as the effect where no edge has an effect.
 *
 * @throws EdgewiseError kind `circuit` that names the node or edge at fault.
 */
export function circuitOfGraph({ source, description, nodes, edges }: GraphFile): ReadCircuit {
  const provenance = provenanceOf(nodes.get('logits'), source);
  const hasEffects = provenance !== undefined || edges.some(({ values }) => values.has('effect'));
  const addition = new Map<string, FileEdge>();
  const direct = new Map<string, FileEdge>();
  for (const edge of edges) {
    for (const end of [edge.source, edge.target]) {
      if (nodes.has(end)) continue;
      const what = `edge ${quote(edge.id ?? `${edge.source}->${edge.target}`)}: its end ${quote(end)} is no node of the file`;
      throw new EdgewiseError('circuit', source, what);
    }
    const name = edgeNameOf(edge, source);
    const home = edge.source === edge.target ? direct : addition;
    if (home.has(name)) throw new EdgewiseError('circuit', source, `edge ${quote(name)}: is there twice`);
    home.set(name, fileEdge(edge.values, hasEffects ? 'effect' : 'weight', `edge ${quote(name)}`, source));
  }
  const directTested = provenance?.directEdges ?? direct.size > 0;
  const { shape, doubt } = shapeOfNames([...nodes.keys()], {
    edges: [...addition.keys()],
    candidates: candidatesIn(description),
    direct: directTested,
    source,
  });
  return {
    file: {
      source,
      edges: addition,
      directEdges: directTested || direct.size > 0 ? direct : undefined,
      nodes: new Map([...nodes.keys()].map((name) => [name, WHOLE])),
      untestedRemovals: [],
      cfg: doubt === null ? { ...shape, width: null } : undefined,
      provenance,
      scores: undefined,
      imported: undefined,
      inCircuit: inCircuitOfGraph(edges, source),
      view: undefined,
    },
    notes: [],
    ...(doubt === null ? {} : { likely: { shape, doubt } }),
  };
}

function fileEdge(values: GraphValues, effectName: string, where: string, source: string): FileEdge {
  const fail = (name: string, expected: string): never => {
    const what = `${where}: ${name}: got ${quote(values.get(name))}, expected ${expected}`;
    throw new EdgewiseError('circuit', source, what);
  };
  const step = numberIn(values, 'step') ?? -1;
  if (!(Number.isInteger(step) && step >= -1 && step < 2 ** 31)) fail('step', 'an integer from 0');
  const inCircuit = values.get('in_circuit') ?? 'true';
  if (!/^(true|false|1|0)$/i.test(inCircuit)) fail('in_circuit', 'true or false');
  const effect = numberIn(values, effectName) ?? NaN;
  if (Number.isNaN(effect) && !/^[+-]?(nan)?$/i.test(values.get(effectName) ?? '')) fail(effectName, 'a number');
  return { score: Number.isFinite(effect) ? effect : NaN, inGraph: /^(true|1)$/i.test(inCircuit), step };
}

/** The column `effect_in_circuit` by edge. The curve has no place in these formats. */
function inCircuitOfGraph(edges: readonly GraphFileEdge[], source: string): FileInCircuit | undefined {
  const measured = edges.filter(({ values }) => values.has('effect_in_circuit'));
  if (measured.length === 0) return undefined;
  const named = measured.map((edge) => [edgeNameOf(edge, source), numberIn(edge.values, 'effect_in_circuit')]);
  return { effects: Object.fromEntries(named) as unknown, curve: [] };
}

/** The number of that name, NaN where it is none; undefined where there is no value. `INF` is XML's infinity. */
function numberIn(values: GraphValues, name: string): number | undefined {
  const text = values.get(name)?.trim() ?? '';
  return text === '' ? undefined : Number(text.replace(/^([+-]?)INF$/i, '$1Infinity'));
}

/** The edge's name by its ends and its port. Without a port the name that the file gives the edge may hold it. */
function edgeNameOf({ id, source: from, target: to, values }: GraphFileEdge, source: string): string {
  if (!isHeadName(to)) return `${from}->${to}`;
  const port = values.get('port') ?? values.get('kind') ?? '';
  const own = values.get('name') ?? id ?? '';
  const branch = /^[qkv]$/.test(port) ? port : /<([qkv])>/.exec(own)?.[1];
  if (branch === undefined) {
    const what = `edge ${quote(own === '' ? `${from}->${to}` : own)}: no port q, k or v, which an edge into a head needs`;
    throw new EdgewiseError('circuit', source, what);
  }
  return from === to ? `${to}<${branch}>->${to}` : `${from}->${to}<${branch}>`;
}

function provenanceOf(logits: GraphValues | undefined, source: string): Provenance | undefined {
  const meta = logits?.get('meta_json') ?? '';
  if (meta === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(meta);
  } catch {
    throw new EdgewiseError('circuit', source, 'node "logits": meta_json is not valid JSON');
  }
  return decodeProvenance(isObject(json) ? json : {}, source);
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
