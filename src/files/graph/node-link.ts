import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import { toGraph, type GraphOptions } from './circuit-graph.js';
import { hasBranches, isSharedLink } from '../../circuit/nodes.js';
import type { CircuitFile, FileEdge, FileNode } from '../own/circuit-file.js';
import { SCHEMA_VERSION } from '../own/circuit-json.js';
import { decodeConfig, encodeConfig } from '../own/config-json.js';
import { columnInCircuit } from '../own/in-circuit-json.js';
import { configAt, jsonIn, provenanceAt, type GraphValues } from './graph-file.js';
import { describe, edgeColumns, edgeWeight, nodeColumns, type Column } from './columns.js';
import { asArray, asNumber, asObject, fail, isCount, type JsonObject } from '../../base/json/json-fields.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { decodeImported } from '../own/provenance-json.js';
import { quote } from '../../base/text.js';

/**
 * The graph as networkx's node-link JSON, for `networkx.node_link_graph(data, edges="edges")`: a directed multigraph
 * whose edge keys are the edges' names, with the columns of the GEXF file as attributes. The graph's own attributes are
 * the model's shape as the interchange schema spells it, and `edgewise_json`: what else `readNodeLink` needs to restore
 * the circuit. It is a text, because networkx writes no objects into other formats.
 */
export function writeNodeLink(circuit: Circuit, options?: GraphOptions): string {
  const { topology, width, imported, directTested, untestedRemovals } = circuit;
  const graph = toGraph(circuit, options);
  const attributes = graph.getAttributes();
  const columns = <T>(list: readonly Column<T>[], row: Readonly<T>): JsonObject => {
    const values = list.map((column) => [column.name, column.value(row, attributes)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== null));
  };
  const nodesHave = nodeColumns(graph);
  const nodes = graph.mapNodes((id, node) =>
    JSON.stringify({ id, label: node.label, ...columns(nodesHave, node), x: node.x, y: node.y }),
  );
  const edgesHave = edgeColumns(graph);
  const edges = graph.mapEdges((key, edge, source, target) => {
    return JSON.stringify({ source, target, key, weight: edgeWeight(edge), ...columns(edgesHave, edge) });
  });
  const own = {
    schema_version: SCHEMA_VERSION,
    ...(imported ? { imported } : {}),
    direct_edges: directTested,
    untested_removals: untestedRemovals.map((id) => topology.edgeName(id)),
  };
  const about = [
    entry('description', describe(attributes)),
    ...Object.entries(encodeConfig(topology, width)).map(([key, value]) => entry(key, value)),
    entry('edgewise_json', JSON.stringify(own)),
  ];
  return jsonFile('{}', [
    entry('directed', true),
    entry('multigraph', true),
    block('graph', '{}', about),
    block('nodes', '[]', nodes),
    block('edges', '[]', edges),
  ]);
}

/** The form knows nothing smaller than a node. */
const WHOLE: FileNode = { neurons: 0, leftOut: 0 };

/**
 * Reads a circuit in node-link form, ours or another program's. An edge is named by its `key`, or by its ends and
 * `port` (q, k, v); without `in_circuit` it is in the circuit; its score is `effect`, else `score`, else `weight`.
 * Edges may also stand under `links`, as older networkx wrote them. The model's shape is in `graph`, or else at the
 * nodes, where the provenance is too.
 *
 * @param file the file, parsed.
 * @throws EdgewiseError kind `circuit` that names the edge at fault.
 */
export function readNodeLink(file: unknown, source: string): CircuitFile {
  const json = asObject(file, source, 'the file');
  const graph = asObject(json['graph'] ?? {}, source, 'graph');
  const own = jsonIn(graph['edgewise_json'], source, 'graph.edgewise_json') ?? {};
  if (json['directed'] === false) fail(source, 'directed', false, 'true: edges have a direction');
  const listed = asArray(json['nodes'], source, 'nodes').map((item, i): [string, GraphValues] => {
    const { id, ...values } = asObject(item, source, `nodes[${i}]`);
    const texts = Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return [typeof id === 'string' ? id : fail(source, `nodes[${i}].id`, id, 'the name of a node'), new Map(texts)];
  });
  const nodes = new Map(listed);
  const member = json['edges'] === undefined ? 'links' : 'edges';
  // A file of ours leaves out the effect of an untested edge, and gives it the smallest weight.
  const provenance = provenanceAt(nodes, source);
  const isOurs = graph['edgewise_json'] !== undefined || provenance !== undefined;
  const measures = isOurs ? ['effect'] : ['effect', 'score', 'weight'];
  const edges = new Map<string, FileEdge>();
  const direct = new Map<string, FileEdge>();
  const worth = new Map<string, unknown>();
  asArray(json[member], source, member).forEach((item, i) => {
    const where = `${member}[${i}]`;
    const edge = asObject(item, source, where);
    const { source: from, target: to } = edge;
    if (typeof from === 'string' && typeof to === 'string' && isSharedLink(from, to)) return;
    const name = nameOf(edge, source, where);
    const home = edge['source'] === edge['target'] ? direct : edges;
    if (home.has(name)) throw new EdgewiseError('circuit', source, `${where}: ${quote(name)} is there twice`);
    if (edge['effect_in_circuit'] !== undefined) worth.set(name, edge['effect_in_circuit']);
    home.set(name, contentOf(edge, measures, source, where));
  });
  const removals = asArray(own['untested_removals'] ?? [], source, 'graph.edgewise_json.untested_removals');
  const imported = own['imported'];
  return {
    source,
    edges,
    directEdges: own['direct_edges'] === true || provenance?.directEdges || direct.size > 0 ? direct : undefined,
    nodes: new Map([...nodes.keys()].map((name) => [name, WHOLE])),
    untestedRemovals: removals.filter((name) => typeof name === 'string'),
    cfg: graph['n_layers'] === undefined ? configAt(nodes, source) : decodeConfig(graph, source, 'graph'),
    provenance,
    scores: undefined,
    imported:
      imported === undefined
        ? { positive: null, selection: null }
        : decodeImported(asObject(imported, source, 'imported'), source),
    inCircuit: columnInCircuit(worth),
    view: undefined,
  };
}

function nameOf({ source: from, target: to, key, port }: JsonObject, source: string, where: string): string {
  if (typeof from !== 'string') fail(source, `${where}.source`, from, 'the name of a node');
  if (typeof to !== 'string') fail(source, `${where}.target`, to, 'the name of a node');
  if (typeof key === 'string' && key.includes('->')) {
    const bare = key.replaceAll(/<[qkv]>/g, '');
    return bare === `${from}->${to}` ? key : fail(source, `${where}.key`, key, `an edge from ${from} to ${to}`);
  }
  if (port === 'q' || port === 'k' || port === 'v')
    return from === to ? `${from}<${port}>->${to}` : `${from}->${to}<${port}>`;
  if (port !== undefined && port !== 'out') fail(source, `${where}.port`, port, 'q, k, v or out');
  if (hasBranches(to)) fail(source, `${where}.port`, port, `q, k or v: which input of ${quote(to)} it is`);
  return `${from}->${to}`;
}

function contentOf(edge: JsonObject, measures: readonly string[], source: string, where: string): FileEdge {
  const { in_circuit: inGraph = true, step = -1 } = edge;
  if (typeof inGraph !== 'boolean') fail(source, `${where}.in_circuit`, inGraph, 'true or false');
  if (step !== -1 && !isCount(step)) fail(source, `${where}.step`, step, 'an integer from 0');
  const key = measures.find((name) => edge[name] !== undefined);
  if (key === undefined) return { score: NaN, inGraph, step };
  const score = asNumber(edge[key], source, `${where}.${key}`);
  return { score, inGraph, step, ...(Number.isNaN(score) && { notNumber: true }) };
}
