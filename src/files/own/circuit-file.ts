import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { createCircuit, type Circuit, type ImportRecord, type Provenance } from '../../circuit/circuit.js';
import { EdgeSet } from '../../circuit/edge-set.js';
import type { ScoresProvenance } from '../../circuit/scores.js';
import { isGrouped, modelNodes, nodeName, portNode } from '../../circuit/nodes.js';
import { inWords } from '../../circuit/shape-of-names.js';
import { Topology } from '../../circuit/topology.js';
import { shapeDifference, type TopologyShape } from '../../circuit/topology-shape.js';
import type { FileConfig } from './config-json.js';
import type { FileInCircuit } from './in-circuit-json.js';

/** What a file says about one edge. */
export interface FileEdge {
  /** NaN where the file has none or says that the edge was not tested. */
  readonly score: number;
  readonly inGraph: boolean;
  /** Place in the order of decisions; -1 where not given. */
  readonly step: number;
  /** The file has a score that is no finite number, such as the NaN and Infinity of Python. */
  readonly notNumber?: true;
}

/** What a file says about the neurons (output dimensions) of one node. */
export interface FileNode {
  /** Number of neurons that the file lists; 0 where it lists none. */
  readonly neurons: number;
  /** Number of them that it leaves out of the circuit. */
  readonly leftOut: number;
}

/** A circuit file as read, of whatever format: names, not yet compared with any model. */
export interface CircuitFile {
  /** The file's name, for messages. */
  readonly source: string;
  readonly edges: ReadonlyMap<string, FileEdge>;
  readonly directEdges: ReadonlyMap<string, FileEdge> | undefined;
  /** Nodes that the file says something of. */
  readonly nodes: ReadonlyMap<string, FileNode>;
  readonly untestedRemovals: readonly string[];
  /** Undefined where the file does not say what model it is for. */
  readonly cfg: FileConfig | undefined;
  readonly provenance: Provenance | undefined;
  /**
   * Set where the file holds scores and no choice from them: how they were computed, and what a positive score means.
   * `provenance` then says the same in the terms of a circuit.
   */
  readonly scores: { readonly provenance: ScoresProvenance | undefined; readonly positive: 'helps' | null } | undefined;
  readonly imported: ImportRecord | undefined;
  /** What the file says of the worth of its edges in the circuit. It may not fit the edges that the file keeps. */
  readonly inCircuit?: FileInCircuit | undefined;
  /** What the file says under `edgewise.stability`: not checked. */
  readonly stability?: unknown;
  /** What a viewer keeps in the file under `edgewise.view`, as it stands there: not checked. */
  readonly view: unknown;
}

/** What a reader of one format makes of a file. */
export interface ReadCircuit {
  readonly file: CircuitFile;
  /** What a person should know of the reading. */
  readonly notes: readonly string[];
  /**
   * Where the file does not state the model's shape: what its names tell of it. Without a doubt no other shape fits.
   * With one, which says what is missing, it is the smallest that has all the nodes: the model may be larger.
   */
  readonly found?: { readonly shape: TopologyShape; readonly doubt: string | null };
}

/** What the caller knows of the model, for files that do not say it. */
export interface ModelShape {
  readonly topology: Topology;
  readonly width: number | null;
  /** Key/value heads of a layer. A file with a port for each of them is opened in the topology that has those. */
  readonly kvHeads?: number;
}

/** The nodes at both ends of an edge, by the edge's name; undefined for another kind of name. */
export function endsOfName(edge: string): readonly [from: string, to: string] | undefined {
  const [, from, to] = /^([^<>]+)(?:<[qkv]>)?->([^<>]+)(?:<[qkv]>)?$/.exec(edge) ?? [];
  return from === undefined || to === undefined ? undefined : [from, to];
}

/**
 * The topology that the file's own `cfg` describes, for uses without a model.
 *
 * @throws EdgewiseError kind `circuit` where the file has no `cfg` or an unreasonably large one.
 */
export function fileTopology(file: CircuitFile): Topology {
  if (!file.cfg) throw new EdgewiseError('circuit', file.source, 'no cfg, which says what model the circuit is of');
  return new Topology(file.cfg, file.source);
}

/**
 * The circuit that the file describes, in `topology`. Edges absent from the file are cut. Without
 * `edgewise.direct_edges` all direct edges are kept.
 *
 * @throws EdgewiseError kind `circuit` where `cfg` or the name of an edge does not fit the topology.
 */
export function resolveCircuit(file: CircuitFile, topology: Topology): Circuit {
  const { source, cfg, directEdges } = file;
  if (cfg) checkShape(cfg, topology, source);
  checkPorts(file, topology);
  const nodes = new Set(modelNodes(topology).map(nodeName));
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
      effects[id] = edge.score + 0; // -0 becomes 0, as in every file that is written
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
    const what = `edge ${quote(topology.edgeName(contradiction))}: in edgewise.untested_removals, but also in the circuit`;
    throw new EdgewiseError('circuit', source, what);
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

function checkShape(cfg: FileConfig, topology: Topology, source: string): void {
  const field = shapeDifference(cfg, topology);
  if (field === undefined) return;
  const [own, expected] = [cfg[field] ?? (field === 'kvPorts' ? cfg.heads : false), topology[field]];
  const what = `cfg: ${field} ${own}, expected ${expected} (circuit of another model?)`;
  throw new EdgewiseError('circuit', source, what);
}

/** The provenance says which ports the circuit's run had, too. */
function checkPorts({ source, provenance, scores }: CircuitFile, topology: Topology): void {
  const said = provenance ?? scores?.provenance;
  if (!said || (said.kvPorts === 'grouped') === isGrouped(topology)) return;
  const ports = isGrouped(topology) ? 'groups of heads share key and value ports' : 'every head has its own ports';
  const what = `its provenance says kv_ports ${said.kvPorts ?? 'per-head'}, but in its model ${ports}`;
  throw new EdgewiseError('circuit', source, what);
}

function importedOf({ provenance, imported, scores }: CircuitFile): Pick<Circuit, 'imported'> {
  if (provenance) return {};
  if (imported) return { imported };
  return scores ? { imported: { positive: scores.positive, selection: null } } : {};
}

function edgeId(name: string, topology: Topology, source: string): number {
  const id = topology.edgeId(name);
  if (id !== undefined) return id;
  if (leadsBackwards(name, topology)) {
    const [from, to] = endsOfName(name)!;
    const why = from === to ? 'leads to its own node' : `leads backwards: ${to} does not read after ${from} writes`;
    throw new EdgewiseError('circuit', source, `edge ${quote(name)}: ${why}, in a model with ${inWords(topology)}`);
  }
  throw notInModel(`edge ${quote(name)}`, topology, source);
}

/** Whether a name is of an edge between two nodes of the model, of which the second does not read after the first. */
function leadsBackwards(name: string, topology: Topology): boolean {
  const [from, to] = endsOfName(name) ?? [];
  const nodes = modelNodes(topology).map(nodeName);
  if (from === undefined || to === undefined || !nodes.includes(from) || !nodes.includes(to)) return false;
  if (from === 'logits' || to === 'input') return true;
  const writer = topology.writers.findIndex((node) => nodeName(node) === from);
  const port = topology.ports.findIndex((one) => nodeName(portNode(one)) === to);
  return port >= 0 && writer >= topology.fanIn(port);
}

function notInModel(what: string, topology: Topology, source: string): EdgewiseError {
  const model = inWords(topology);
  return new EdgewiseError('circuit', source, `${what}: not in a model with ${model} (circuit of another model?)`);
}

/**
 * What a circuit of whole nodes cannot say: that the file keeps some neurons of a node and leaves out others. Undefined
 * where the file does not.
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
