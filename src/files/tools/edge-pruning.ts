import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import { nodeName, parseNode, portNode, type Port, type Writer } from '../../circuit/nodes.js';
import { leastShape } from '../../circuit/shape-of-names.js';
import { Topology } from '../../circuit/topology.js';
import type { FileEdge, ReadCircuit } from '../own/circuit-file.js';
import { asArray, fail } from '../../base/json/json-fields.js';
import { jsonFile } from '../../base/json/entry-lines.js';
import { quote } from '../../base/text.js';
import { refuseSharedPorts } from './per-head-ports.js';

const TOKENS = 'tok_embeds';
const POSITIONS = 'pos_embeds';
const RESIDUAL = 'resid_post';
const KEPT: FileEdge = { score: NaN, inGraph: true, step: -1 };

/**
 * The kept edges as Edge Pruning's `edges.json`: a list of pairs writer, reader (`["a0.h3", "a5.h5.q"]`, `["m3",
 * "resid_post"]`). `input` is `tok_embeds`; where it holds positions too, its edges are also written for `pos_embeds`.
 * Effects, direct edges and provenance have no place there.
 *
 * @throws EdgewiseError kind `circuit` where heads share key and value ports.
 */
export function writeEdgePruning(circuit: Circuit): string {
  const { topology, kept, provenance } = circuit;
  refuseSharedPorts(topology, 'Edge Pruning');
  const lines: string[] = [];
  for (const id of kept) {
    const edge = topology.edge(id);
    if (edge.kind === 'direct') break;
    const reader = readerName(topology.ports[edge.port]!);
    const writer = topology.writers[edge.writer]!;
    for (const name of writerNames(writer, provenance?.input === 'token+position')) {
      lines.push(JSON.stringify([name, reader]));
    }
  }
  return jsonFile('[]', lines);
}

/**
 * Reads `edges.json`. Its pairs are what is in the circuit; nothing is scored.
 *
 * Edge Pruning can run without nodes for the embeddings. Embeddings then feed every reader and are in no pair. So a
 * file without embeddings is read as one in which `input` feeds everything. Edges of `pos_embeds` have none to
 * correspond to: here positions are always present, or part of `input`.
 *
 * @param json the file, parsed.
 * @param model undefined where it is not known: the smallest model that has the nodes of the file stands for it.
 * @throws EdgewiseError kind `circuit` that names the pair at fault.
 */
export function readEdgePruning(json: unknown, source: string, model?: Topology): ReadCircuit {
  const named = model ? undefined : namedNodes(asArray(json, source, 'the file'));
  const shape = named && { ...leastShape([...named], source), parallel: false };
  const topology = model ?? new Topology(shape!, source);
  const writers = new Map(topology.writers.map((writer, index) => [writerNames(writer, false)[0], index]));
  const readers = new Map(topology.ports.map((port, index) => [readerName(port), index]));
  const edges = new Map<string, FileEdge>();
  const seen = new Set<string>();
  const notes: string[] = [];
  let embeddings = 0;
  let positions = 0;
  asArray(json, source, 'the file').forEach((pair, i) => {
    const [from, to, ...rest] = asArray(pair, source, `[${i}]`);
    if (typeof from !== 'string' || typeof to !== 'string' || rest.length > 0) {
      fail(source, `[${i}]`, pair, 'a pair of names, writer and reader');
    }
    const port =
      readers.get(to) ?? fail(source, `[${i}]`, to, `a reader of the model: aL.hH.q, .k or .v, mL, or ${RESIDUAL}`);
    const shown = quote(`${from} -> ${to}`);
    if (seen.has(shown)) throw new EdgewiseError('circuit', source, `[${i}]: ${shown} is there twice`);
    seen.add(shown);
    if (from === TOKENS || from === POSITIONS) embeddings++;
    if (from === POSITIONS) {
      positions++;
      return;
    }
    const writer =
      writers.get(from) ?? fail(source, `[${i}]`, from, `a writer of the model: aL.hH, mL, ${TOKENS} or ${POSITIONS}`);
    if (writer >= topology.fanIn(port)) {
      throw new EdgewiseError('circuit', source, `[${i}]: ${shown}: the reader comes before the writer`);
    }
    edges.set(topology.edgeName(topology.additionEdge(writer, port)), KEPT);
  });
  if (positions > 0) {
    notes.push(`${positions} edges of ${POSITIONS} are left out: here positions are always present, or part of input`);
  }
  if (embeddings === 0) {
    topology.ports.forEach((port, index) => {
      // Of a model that is not known, the nodes that the file does not name may not be there.
      if (named?.has(nodeName(portNode(port))) ?? true) edges.set(topology.edgeName(topology.firstEdge(index)), KEPT);
    });
    const readers = named ? 'every reader that the file names' : 'every reader';
    notes.push(`no embedding is among the writers: input is taken to feed ${readers}`);
  }
  const nothing = { directEdges: undefined, cfg: undefined, provenance: undefined, scores: undefined, view: undefined };
  const imported = { positive: null, selection: null };
  const doubt = 'the file does not say what model the circuit is of';
  return {
    file: { source, edges, nodes: new Map(), untestedRemovals: [], imported, ...nothing },
    notes,
    ...(shape && { found: { shape, doubt } }),
  };
}

/** Names of the nodes that pairs name, `logits` among them. What no model has is told where the pairs are read. */
function namedNodes(pairs: readonly unknown[]): Set<string> {
  const names = new Set(['logits']);
  for (const name of pairs.flat()) {
    if (typeof name !== 'string') continue;
    const node = name.replace(/\.[qkv]$/, '');
    if (parseNode(node)) names.add(node);
  }
  return names;
}

function writerNames(writer: Writer, withPositions: boolean): readonly string[] {
  if (writer.kind !== 'input') return [nodeName(writer)];
  return withPositions ? [TOKENS, POSITIONS] : [TOKENS];
}

function readerName(port: Port): string {
  if (port.kind === 'logits') return RESIDUAL;
  return port.kind === 'head' ? `${nodeName(port)}.${port.branch}` : nodeName(port);
}
