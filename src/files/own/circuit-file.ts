import { EdgewiseError } from '../../base/errors.js';
import { createCircuit, type Circuit, type ImportRecord, type Provenance } from '../../circuit/circuit.js';
import { EdgeSet } from '../../circuit/edge-set.js';
import { circuitProvenance } from '../../circuit/scored-circuit.js';
import type { ScoresProvenance } from '../../circuit/scores.js';
import { attentionPortsOf, Topology } from '../../circuit/topology.js';
import { SCHEMA_VERSION } from './circuit-json.js';
import { asArray, asObject, fail, isCount, readJson, type JsonObject } from '../../base/json/json-fields.js';
import { decodeImported, decodeProvenance, decodeScoresProvenance } from './provenance-json.js';
import { quote } from '../../base/text.js';

/** What a file says about one edge. */
export interface FileEdge {
  /** NaN where the file has none or says that the edge was not tested. */
  readonly score: number;
  readonly inGraph: boolean;
  /** Place in the order of decisions; -1 where not given. */
  readonly step: number;
}

/** What a file says about one node: of how many neurons (output dimensions) it speaks, 0 where of none, and how many it leaves out. */
export interface FileNode {
  readonly neurons: number;
  readonly leftOut: number;
}

/** A circuit file as read: names, not yet compared with any model. */
export interface CircuitFile {
  /** The file's name, for messages. */
  readonly source: string;
  readonly edges: ReadonlyMap<string, FileEdge>;
  readonly directEdges: ReadonlyMap<string, FileEdge> | undefined;
  /** Nodes that the file says something of. */
  readonly nodes: ReadonlyMap<string, FileNode>;
  readonly untestedRemovals: readonly string[];
  readonly cfg: FileConfig | undefined;
  readonly provenance: Provenance | undefined;
  /** Scores, of which nothing was chosen, and how they were computed; `provenance` then says the same of a circuit. */
  readonly scores: { readonly provenance: ScoresProvenance | undefined; readonly positive: 'helps' | null } | undefined;
  readonly imported: ImportRecord | undefined;
  /** What a viewer keeps in the file under `edgewise.view`, as it stands there: not checked. */
  readonly view: unknown;
}

/** The shape of the model that the file is for. */
export interface FileConfig {
  readonly layers: number;
  readonly heads: number;
  readonly parallel: boolean;
  readonly width: number | null;
}

/** Largest writers x ports matrix (GPT-2 XL: 4.6 million): a hostile `cfg` must not exhaust the memory. */
const MAX_MATRIX = 2 ** 27;

/**
 * Reads a circuit in the interchange schema, of this program or another. Only `edges` with `in_graph` is required;
 * scores that are missing, null or not finite are NaN.
 *
 * @throws EdgewiseError kind `circuit`, naming the file and the field or edge at fault.
 */
export function parseCircuit(text: string, source: string): CircuitFile {
  return circuitFileOf(readJson(text, source), source);
}

/** The same of JSON that is parsed already. */
export function circuitFileOf(json: unknown, source: string): CircuitFile {
  const file = asObject(json, source, 'the file');
  const own = file['edgewise'] === undefined ? {} : asObject(file['edgewise'], source, 'edgewise');
  const version = own['schema_version'] ?? SCHEMA_VERSION;
  if (version !== SCHEMA_VERSION) {
    throw new EdgewiseError(
      'circuit',
      source,
      `edgewise.schema_version is ${quote(version)}, expected ${SCHEMA_VERSION}`,
    );
  }
  const { direct_edges: direct, untested_removals: removals = [], view } = own;
  if (!Array.isArray(removals) || !removals.every((name) => typeof name === 'string')) {
    throw new EdgewiseError('circuit', source, 'edgewise.untested_removals: expected an array of edge names');
  }
  const optional = <T>(key: string, read: (json: JsonObject, source: string) => T): T | undefined =>
    own[key] === undefined ? undefined : read(asObject(own[key], source, `edgewise.${key}`), source);
  const scores = optional('scores', readScoresHeader);
  const cfg = file['cfg'] === undefined ? undefined : readConfig(asObject(file['cfg'], source, 'cfg'), source);
  const provenance = optional('provenance', decodeProvenance);
  return {
    source,
    edges: readEdges(file['edges'], source, 'edges'),
    nodes: file['nodes'] === undefined ? new Map() : readNodes(file['nodes'], cfg?.width ?? null, source),
    directEdges: direct === undefined ? undefined : readEdges(direct, source, 'edgewise.direct_edges'),
    untestedRemovals: removals,
    cfg,
    provenance: provenance ?? (scores?.provenance && circuitProvenance(scores.provenance, null)),
    scores,
    imported: optional('imported', decodeImported),
    view,
  };
}

/**
 * The topology that the file's own `cfg` describes, for uses without a model.
 *
 * @throws EdgewiseError kind `circuit` where the file has no `cfg` or an unreasonably large one.
 */
export function fileTopology(file: CircuitFile): Topology {
  if (!file.cfg) throw new EdgewiseError('circuit', file.source, 'no cfg, which says what model the circuit is of');
  const { layers, heads } = file.cfg;
  if (!((1 + layers * (heads + 1)) * (1 + layers * (attentionPortsOf(heads) + 1)) <= MAX_MATRIX)) {
    throw new EdgewiseError('circuit', file.source, `cfg: ${layers} layers of ${heads} heads are too many`);
  }
  return new Topology(file.cfg);
}

/**
 * The circuit that the file describes, in `topology`. Edges absent from the file are cut; without
 * `edgewise.direct_edges` all direct edges are kept.
 *
 * @throws EdgewiseError kind `circuit` where `cfg` or an edge's name does not fit the topology.
 */
export function resolveCircuit(file: CircuitFile, topology: Topology): Circuit {
  const { source, cfg, directEdges } = file;
  if (cfg) {
    for (const field of ['layers', 'heads', 'parallel'] as const) {
      if (cfg[field] === topology[field]) continue;
      throw new EdgewiseError(
        'circuit',
        source,
        `cfg: ${field} ${cfg[field]}, expected ${topology[field]} (circuit of another model?)`,
      );
    }
  }
  const nodes = new Set(['logits', ...topology.writers.map((_, writer) => topology.writerName(writer))]);
  for (const name of file.nodes.keys()) if (!nodes.has(name)) throw notInModel(`node ${quote(name)}`, topology, source);
  const effects = new Float64Array(topology.edgeCount).fill(NaN);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  const kept: number[] = [];
  const place = (edges: ReadonlyMap<string, FileEdge>, direct: boolean): void => {
    for (const [name, edge] of edges) {
      const id = edgeId(name, topology, source);
      if (id >= topology.additionEdges !== direct) {
        const home = direct ? 'edges' : 'edgewise.direct_edges';
        throw new EdgewiseError('circuit', source, `edge ${quote(name)}: belongs under ${home}`);
      }
      effects[id] = edge.score;
      steps[id] = edge.step;
      if (edge.inGraph) kept.push(id);
    }
  };
  place(file.edges, false);
  if (directEdges) place(directEdges, true);
  else for (let id = topology.additionEdges; id < topology.edgeCount; id++) kept.push(id);
  const untestedRemovals = file.untestedRemovals.map((name) => edgeId(name, topology, source));
  const keptSet = EdgeSet.of(topology, kept);
  const contradiction = untestedRemovals.find((id) => keptSet.has(id));
  if (contradiction !== undefined) {
    const name = topology.edgeName(contradiction);
    throw new EdgewiseError(
      'circuit',
      source,
      `edge ${quote(name)}: in edgewise.untested_removals, but also in the circuit`,
    );
  }
  return createCircuit({
    topology,
    width: cfg?.width ?? null,
    kept: keptSet,
    effects,
    steps,
    untestedRemovals,
    directTested: directEdges !== undefined,
    provenance: file.provenance ?? null,
    ...importedOf(file),
  });
}

function importedOf({ provenance, imported, scores }: CircuitFile): Pick<Circuit, 'imported'> {
  if (provenance) return {};
  if (imported) return { imported };
  return scores ? { imported: { positive: scores.positive, selection: null } } : {};
}

function edgeId(name: string, topology: Topology, source: string): number {
  const id = topology.edgeId(name);
  if (id !== undefined) return id;
  throw notInModel(`edge ${quote(name)}`, topology, source);
}

function notInModel(what: string, { layers, heads, parallel }: Topology, source: string): EdgewiseError {
  const model = `${layers} layers of ${heads} heads${parallel ? ' in parallel with the MLP' : ''}`;
  return new EdgewiseError('circuit', source, `${what}: not in a model with ${model} (circuit of another model?)`);
}

/**
 * What circuits of whole nodes cannot say: the file keeps some neurons of a node and leaves out others. Undefined where it
 * does not.
 */
export function neuronsLeftOut({ nodes, edges }: CircuitFile): string | undefined {
  const sends = (node: string): boolean =>
    [...edges].some(([name, edge]) => edge.inGraph && name.startsWith(`${node}->`));
  const [first, ...others] = [...nodes].filter(
    ([name, { neurons, leftOut }]) => leftOut > 0 && (leftOut < neurons || sends(name)),
  );
  if (!first) return undefined;
  const [name, { leftOut: count }] = first;
  const more = others.length > 0 ? `, and some of ${others.length} other nodes` : '';
  return `nodes[${quote(name)}].neurons leaves out ${count} neurons of that node${more}; circuits here are of whole nodes`;
}

function readNodes(json: unknown, width: number | null, source: string): Map<string, FileNode> {
  const nodes = new Map<string, FileNode>();
  for (const [name, value] of Object.entries(asObject(json, source, 'nodes'))) {
    const where = `nodes[${quote(name)}]`;
    const { neurons = [] } = asObject(value, source, where);
    const kept = asArray(neurons, source, `${where}.neurons`);
    const wrong = kept.find((one) => typeof one !== 'boolean');
    if (wrong !== undefined) fail(source, `${where}.neurons`, wrong, 'true or false for each');
    if (kept.length > 0 && width !== null && kept.length !== width) {
      const what = `${where}.neurons: ${kept.length} of them, expected cfg.d_model (${width})`;
      throw new EdgewiseError('circuit', source, what);
    }
    nodes.set(name, { neurons: kept.length, leftOut: kept.filter((one) => one === false).length });
  }
  return nodes;
}

function readScoresHeader(json: JsonObject, source: string): CircuitFile['scores'] {
  const { provenance, positive = null } = json;
  if (positive !== 'helps' && positive !== null) {
    fail(source, 'edgewise.scores.positive', positive, '"helps" or null');
  }
  const where = 'edgewise.scores.provenance';
  return {
    positive,
    provenance:
      provenance === undefined ? undefined : decodeScoresProvenance(asObject(provenance, source, where), source),
  };
}

function readEdges(json: unknown, source: string, field: string): Map<string, FileEdge> {
  const edges = new Map<string, FileEdge>();
  for (const [name, value] of Object.entries(asObject(json, source, field))) {
    const where = `${field}[${quote(name)}]`;
    const { score = null, in_graph: inGraph, tested = true, scored = true, step = -1 } = asObject(value, source, where);
    if (typeof inGraph !== 'boolean') fail(source, `${where}.in_graph`, inGraph, 'true or false');
    if (score !== null && typeof score !== 'number') fail(source, `${where}.score`, score, 'a number');
    if (typeof tested !== 'boolean') fail(source, `${where}.tested`, tested, 'true or false');
    if (typeof scored !== 'boolean') fail(source, `${where}.scored`, scored, 'true or false');
    if (step !== -1 && !isCount(step)) fail(source, `${where}.step`, step, 'an integer from 0');
    const measured = tested && scored && Number.isFinite(score);
    edges.set(name, { score: measured ? Number(score) : NaN, inGraph, step });
  }
  return edges;
}

function readConfig(cfg: JsonObject, source: string): FileConfig {
  const size = (key: string): number => {
    const value = cfg[key];
    return isCount(value) && value > 0 ? value : fail(source, `cfg.${key}`, value, 'an integer from 1');
  };
  const parallel = cfg['parallel_attn_mlp'] ?? false;
  if (typeof parallel !== 'boolean') fail(source, 'cfg.parallel_attn_mlp', parallel, 'true or false');
  return {
    layers: size('n_layers'),
    heads: size('n_heads'),
    parallel,
    width: cfg['d_model'] === undefined ? null : size('d_model'),
  };
}
