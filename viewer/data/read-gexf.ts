import { MultiGraph } from 'graphology';
import { parse } from 'graphology-gexf';

import { EdgewiseError } from '../../src/base/errors.js';
import { createCircuit, type Circuit, type Provenance } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import { decodeProvenance } from '../../src/files/own/provenance-json.js';
import { oneLine, quote } from '../../src/base/text.js';
import { topologyOfNames } from './gexf-topology.js';

/** What `in_circuit` says of an edge that is not kept: text where the file declares no type. */
const OUT: readonly unknown[] = [false, 'false'];

type Attributes = Readonly<Record<string, unknown>>;

/** What the file says of one edge. */
interface GexfEdge {
  readonly name: string;
  readonly direct: boolean;
  readonly attributes: Attributes;
}

/**
 * The circuit in a GEXF file whose nodes and edges are named as Edgewise names them. A file of ours gives back its
 * edges, effects, steps and provenance; edges that are not in it are cut. Of another program's file `weight` is taken as
 * the effect where no edge has one.
 *
 * @throws EdgewiseError kind `circuit` that names the element at fault.
 */
export function readGexf(text: string, name: string): Circuit {
  const graph = parsed(text, name);
  const edges = graph.mapEdges((id, attributes, source, target): GexfEdge => {
    const direct = source === target;
    return { name: edgeNameOf(id, attributes, source, target, name), direct, attributes };
  });
  const provenance = provenanceOf(graph, name);
  const about: unknown = graph.getAttribute('description');
  const topology = topologyOfNames(graph.nodes(), {
    edges: edges.map((edge) => edge.name),
    candidates: candidatesIn(about),
    direct: provenance?.directEdges ?? false,
    source: name,
  });
  return circuitOf(edges, topology, provenance, name);
}

function circuitOf(
  edges: readonly GexfEdge[],
  topology: Topology,
  provenance: Provenance | null,
  source: string,
): Circuit {
  const effects = new Float64Array(topology.edgeCount).fill(NaN);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  const kept: number[] = [];
  const seen = new Set<number>();
  const effectKey = edges.some(({ attributes }) => 'effect' in attributes) || provenance ? 'effect' : 'weight';
  for (const { name, attributes } of edges) {
    const where = `edge ${quote(name)}`;
    const id = topology.edgeId(name);
    if (id === undefined) throw new EdgewiseError('circuit', source, `${where}: a model has no such edge`);
    if (seen.has(id)) throw new EdgewiseError('circuit', source, `${where}: is there twice`);
    seen.add(id);
    effects[id] = numberIn(attributes[effectKey]);
    const step = numberIn(attributes['step']);
    if (Number.isInteger(step) && step >= 0 && step < 2 ** 31) steps[id] = step;
    if (!OUT.includes(attributes['in_circuit'])) kept.push(id);
  }
  const directTested = provenance?.directEdges ?? edges.some(({ direct }) => direct);
  if (!directTested) for (let id = topology.additionEdges; id < topology.edgeCount; id++) kept.push(id);
  return createCircuit({
    topology,
    width: null,
    kept: EdgeSet.of(topology, kept),
    effects,
    steps,
    untestedRemovals: [],
    directTested,
    provenance,
  });
}

/** The number, as such or as text where the file declares no type; NaN where there is none. */
function numberIn(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : NaN;
}

/** The name of the edge by its ends and its port; of a file without ports by its own id. */
function edgeNameOf(id: string, attributes: Attributes, from: string, to: string, source: string): string {
  const port = attributes['port'] ?? attributes['kind'];
  if (!/^a\d+\.h\d+$/.test(to)) return `${from}->${to}`;
  const branch = typeof port === 'string' && /^[qkv]$/.test(port) ? port : /<([qkv])>/.exec(id)?.[1];
  if (branch === undefined) {
    throw new EdgewiseError('circuit', source, `edge ${quote(id)}: no port q, k or v, which an edge into a head needs`);
  }
  return from === to ? `${to}<${branch}>->${to}` : `${from}->${to}<${branch}>`;
}

function provenanceOf(graph: MultiGraph, source: string): Provenance | null {
  const meta: unknown = graph.hasNode('logits') ? graph.getNodeAttribute('logits', 'meta_json') : undefined;
  if (meta === undefined || meta === '') return null;
  try {
    const json: unknown = typeof meta === 'string' ? JSON.parse(meta) : null;
    return decodeProvenance(typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}, source);
  } catch (error) {
    if (error instanceof EdgewiseError) throw error;
    throw new EdgewiseError('circuit', source, 'node "logits": meta_json is not valid JSON');
  }
}

/** `94 of 1519 edges` in a description of ours. */
function candidatesIn(description: unknown): number | null {
  const match = typeof description === 'string' ? /\b\d+ of (\d{1,9}) edges\b/.exec(description) : null;
  return match ? Number(match[1]) : null;
}

/** The graph as the file has it: a parser stops silently where XML is broken, so that its result is counted. */
function parsed(text: string, source: string): MultiGraph {
  const elements = withoutComments(text);
  if (!/<gexf[\s>]/.test(elements))
    throw new EdgewiseError('circuit', source, 'no <gexf> element: this is no GEXF file');
  if (!/<\/gexf\s*>\s*$/.test(elements)) {
    throw new EdgewiseError('circuit', source, 'does not end in </gexf>: it was cut short or is broken');
  }
  // Entities are of no use to a graph and of much to an attack on the parser.
  if (/<!(DOCTYPE|ENTITY)/i.test(elements)) throw new EdgewiseError('circuit', source, 'has a DTD, which is not read');
  const fault = malformation(text);
  if (fault !== null) throw new EdgewiseError('circuit', source, `broken XML (${fault})`);
  let graph: unknown;
  try {
    graph = parse(MultiGraph, text, { allowUndeclaredAttributes: true });
  } catch (error) {
    throw new EdgewiseError('circuit', source, `broken GEXF (${oneLine((error as Error).message)})`);
  }
  const [nodes, edges] = [count(elements, /<node[\s/>]/g), count(elements, /<edge[\s/>]/g)];
  if (!isMulti(graph)) throw new EdgewiseError('circuit', source, 'broken GEXF: no directed graph could be read');
  if (graph.order !== nodes || graph.size !== edges) {
    const read = `${graph.order} of ${nodes} nodes and ${graph.size} of ${edges} edges could be read`;
    throw new EdgewiseError('circuit', source, `broken GEXF: ${read}`);
  }
  if (graph.undirectedSize > 0)
    throw new EdgewiseError('circuit', source, 'has undirected edges, expected directed ones');
  return graph;
}

/** What a browser finds wrong with the XML, or null; without a browser nothing is known. */
function malformation(text: string): string | null {
  if (typeof DOMParser === 'undefined') return null;
  const error = new DOMParser().parseFromString(text, 'application/xml').querySelector('parsererror');
  return error && oneLine(error.textContent ?? '');
}

function isMulti(graph: unknown): graph is MultiGraph {
  return graph instanceof MultiGraph;
}

function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let from = text.indexOf('<!--'); from >= 0; from = text.indexOf('<!--', at)) {
    parts.push(text.slice(at, from));
    const to = text.indexOf('-->', from + 4);
    at = to < 0 ? text.length : to + 3;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
