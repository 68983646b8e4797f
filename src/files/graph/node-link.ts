import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import { toGraph, type GraphOptions } from './circuit-graph.js';
import { isHeadName } from '../../circuit/nodes.js';
import type { CircuitFile, FileConfig, FileEdge, FileNode } from '../own/circuit-file.js';
import { SCHEMA_VERSION } from '../own/circuit-json.js';
import { describe, EDGE_COLUMNS, edgeWeight, NODE_COLUMNS, type Column } from './columns.js';
import { asArray, asNumber, asObject, fail, isCount, type JsonObject } from '../../base/json/json-fields.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { decodeImported, decodeProvenance, encodeProvenance } from '../own/provenance-json.js';
import { quote } from '../../base/text.js';

/**
 * The graph as networkx's node-link JSON, for `networkx.node_link_graph(data, edges="edges")`: a directed multigraph
 * whose edge keys are the edges' names, with the columns of the GEXF file as attributes. The graph's own attributes are
 * the model's shape as the interchange schema spells it, and `edgewise`, from which `readNodeLink` restores the
 * circuit.
 */
export function writeNodeLink(circuit: Circuit, options?: GraphOptions): string {
  const { topology, width, provenance, imported, directTested, untestedRemovals } = circuit;
  const graph = toGraph(circuit, options);
  const attributes = graph.getAttributes();
  const columns = <T>(list: readonly Column<T>[], row: Readonly<T>): JsonObject => {
    const values = list.map((column) => [column.name, column.value(row, attributes)] as const);
    return Object.fromEntries(values.filter(([name, value]) => value !== null && name !== 'meta_json'));
  };
  const nodes = graph.mapNodes((id, node) =>
    JSON.stringify({ id, label: node.label, ...columns(NODE_COLUMNS, node), x: node.x, y: node.y }),
  );
  const edges = graph.mapEdges((key, edge, source, target) => {
    return JSON.stringify({ source, target, key, weight: edgeWeight(edge), ...columns(EDGE_COLUMNS, edge) });
  });
  const own = {
    schema_version: SCHEMA_VERSION,
    ...(provenance ? { provenance: encodeProvenance(provenance) } : {}),
    ...(imported ? { imported } : {}),
    direct_edges: directTested,
    untested_removals: untestedRemovals.map((id) => topology.edgeName(id)),
  };
  const about = [
    entry('description', describe(attributes)),
    entry('n_layers', topology.layers),
    entry('n_heads', topology.heads),
    entry('parallel_attn_mlp', topology.parallel),
    ...(width === null ? [] : [entry('d_model', width)]),
    entry('edgewise', own),
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
 * Edges may also stand under `links`, as older networkx wrote them. The model's shape is in the file where `graph` has
 * it.
 *
 * @param file the file, parsed.
 * @throws EdgewiseError kind `circuit` that names the edge at fault.
 */
export function readNodeLink(file: unknown, source: string): CircuitFile {
  const json = asObject(file, source, 'the file');
  const graph = asObject(json['graph'] ?? {}, source, 'graph');
  const own = asObject(graph['edgewise'] ?? {}, source, 'graph.edgewise');
  if (json['directed'] === false) fail(source, 'directed', false, 'true: edges have a direction');
  const nodes = asArray(json['nodes'], source, 'nodes').map((item, i): [string, FileNode] => {
    const { id } = asObject(item, source, `nodes[${i}]`);
    return [typeof id === 'string' ? id : fail(source, `nodes[${i}].id`, id, 'the name of a node'), WHOLE];
  });
  const member = json['edges'] === undefined ? 'links' : 'edges';
  // A file of ours leaves out the effect of an untested edge, and gives it the smallest weight.
  const measures = graph['edgewise'] === undefined ? ['effect', 'score', 'weight'] : ['effect'];
  const edges = new Map<string, FileEdge>();
  const direct = new Map<string, FileEdge>();
  asArray(json[member], source, member).forEach((item, i) => {
    const where = `${member}[${i}]`;
    const edge = asObject(item, source, where);
    const name = nameOf(edge, source, where);
    const home = edge['source'] === edge['target'] ? direct : edges;
    if (home.has(name)) throw new EdgewiseError('circuit', source, `${where}: ${quote(name)} is there twice`);
    home.set(name, contentOf(edge, measures, source, where));
  });
  const removals = asArray(own['untested_removals'] ?? [], source, 'graph.edgewise.untested_removals');
  const worth = asArray(json[member], source, member).flatMap((item, i): [string, unknown][] => {
    const edge = asObject(item, source, `${member}[${i}]`);
    const value = edge['effect_in_circuit'];
    return value === undefined ? [] : [[nameOf(edge, source, `${member}[${i}]`), value]];
  });
  const provenance = own['provenance'];
  const imported = own['imported'];
  return {
    source,
    edges,
    directEdges: own['direct_edges'] === true || direct.size > 0 ? direct : undefined,
    nodes: new Map(nodes),
    untestedRemovals: removals.filter((name) => typeof name === 'string'),
    cfg: readShape(graph, source),
    provenance:
      provenance === undefined ? undefined : decodeProvenance(asObject(provenance, source, 'provenance'), source),
    scores: undefined,
    imported:
      imported === undefined
        ? { positive: null, selection: null }
        : decodeImported(asObject(imported, source, 'imported'), source),
    inCircuit: worth.length === 0 ? undefined : { effects: Object.fromEntries(worth), curve: [] },
    view: undefined,
  };
}

function nameOf({ source: from, target: to, key, port }: JsonObject, source: string, where: string): string {
  if (typeof from !== 'string') fail(source, `${where}.source`, from, 'the name of a node');
  if (typeof to !== 'string') fail(source, `${where}.target`, to, 'the name of a node');
  const ends = from === to ? `${from}<${String(port)}>->${to}` : `${from}->${to}`;
  if (typeof key === 'string' && key.includes('->')) {
    const bare = key.replaceAll(/<[qkv]>/g, '');
    return bare === `${from}->${to}` ? key : fail(source, `${where}.key`, key, `an edge from ${from} to ${to}`);
  }
  if (port === 'q' || port === 'k' || port === 'v') return from === to ? ends : `${ends}<${port}>`;
  if (port !== undefined && port !== 'out') fail(source, `${where}.port`, port, 'q, k, v or out');
  if (isHeadName(to)) fail(source, `${where}.port`, port, `q, k or v: which input of ${quote(to)} it is`);
  return ends;
}

function contentOf(edge: JsonObject, measures: readonly string[], source: string, where: string): FileEdge {
  const { in_circuit: inGraph = true, step = -1 } = edge;
  if (typeof inGraph !== 'boolean') fail(source, `${where}.in_circuit`, inGraph, 'true or false');
  if (step !== -1 && !isCount(step)) fail(source, `${where}.step`, step, 'an integer from 0');
  const key = measures.find((name) => edge[name] !== undefined);
  return { score: key === undefined ? NaN : asNumber(edge[key], source, `${where}.${key}`), inGraph, step };
}

function readShape(graph: JsonObject, source: string): FileConfig | undefined {
  if (graph['n_layers'] === undefined) return undefined;
  const size = (key: string): number => {
    const value = graph[key];
    return isCount(value) && value > 0 ? value : fail(source, `graph.${key}`, value, 'an integer from 1');
  };
  return {
    layers: size('n_layers'),
    heads: size('n_heads'),
    parallel: graph['parallel_attn_mlp'] === true,
    width: graph['d_model'] === undefined ? null : size('d_model'),
  };
}
