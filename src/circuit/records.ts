import { finiteOrNull } from '../base/finite-or-null.js';
import { candidateEdges, type Circuit } from './circuit.js';
import { edgeEnds } from './edge-ends.js';
import {
  isAttentionPort,
  isGrouped,
  modelNodes,
  nodeName,
  portNode,
  type Branch,
  type Node,
  type NodeShape,
} from './nodes.js';
import type { Topology } from './topology.js';

// A circuit as rows of nodes and edges: what graph files, the viewer and tables show of it.

/** What an edge feeds of its target: a branch of a head, or the one input of an MLP or of the logits. */
export type PortName = Branch | 'out';

/** `addition`: from a writer through the residual stream; `direct`: of a head's own q, k or v. */
export type EdgeKind = 'addition' | 'direct';

export interface EdgeRecord {
  /** The edge's name: `a9.h9->a11.h10<q>`, or `a3.h0<q>->a3.h0` for a direct edge. */
  readonly id: string;
  /** Names of nodes. A direct edge goes from its head, or key/value head, to itself. */
  readonly source: string;
  readonly target: string;
  readonly port: PortName;
  readonly kind: EdgeKind;
  /** Loss form: positive = the edge helps. Null where it was not measured. */
  readonly effect: number | null;
  /** What the edge is worth in the circuit: see InCircuit. Null where it was not measured. */
  readonly inCircuitEffect: number | null;
  /** Share of searches that found the edge, and its interval: see Inclusion. Null where none were made. */
  readonly confidence: number | null;
  readonly confidenceLow: number | null;
  readonly confidenceHigh: number | null;
  /** Place in the order of decisions, from 0; null where it was not decided on. */
  readonly step: number | null;
  /**
   * Place by |effect| among all measured edges, kept or not; 1 is the strongest. Equals share the first of their
   * places. Null where it was not measured.
   */
  readonly rank: number | null;
  readonly inCircuit: boolean;
}

export interface NodeRecord {
  /** The node's name: `a9.h9`, `a9.kv1`, `m3`, `input`, `logits`. */
  readonly id: string;
  readonly kind: Node['kind'];
  /** Null for `input` and `logits`. */
  readonly layer: number | null;
  /** Null for all but heads. */
  readonly head: number | null;
  /** Of heads that share key and value ports, and of the key/value heads: index of the group. Otherwise null. */
  readonly kvGroup: number | null;
  /** Touches a kept edge; always true of `input` and `logits`. */
  readonly inCircuit: boolean;
  /** Sum of the measured effects of its kept outgoing addition edges; of its incoming ones where it does not write. */
  readonly effect: number;
}

/** Ids of the candidate edges: strongest |effect| first, equals in the order of ids, edges without a measure last. */
export function strongestFirst(circuit: Circuit): number[] {
  const count = candidateEdges(circuit);
  const strengths = circuit.effects
    .subarray(0, count)
    .map((effect) => (Number.isFinite(effect) ? Math.abs(effect) : -1));
  return [...strengths.keys()].sort((a, b) => strengths[b]! - strengths[a]! || a - b);
}

/** Rows of edges, in the order of `ids`. */
export function edgeRecords(circuit: Circuit, ids: readonly number[]): EdgeRecord[] {
  return ids.map(edgeReader(circuit, strongestFirst(circuit)));
}

/**
 * Gives the row of an edge. What makes something else of the rows of a million edges asks for one after the other.
 *
 * @param order all candidate edges, as `strongestFirst` gives them: the ranks follow from it.
 */
export function edgeReader(circuit: Circuit, order: readonly number[]): (id: number) => EdgeRecord {
  const { topology, effects, steps, kept, inCircuit, stability } = circuit;
  const ranks = new Int32Array(topology.edgeCount);
  order.forEach((id, place) => {
    const before = order[place - 1];
    const isTied = before !== undefined && Math.abs(effects[id]!) === Math.abs(effects[before]!);
    ranks[id] = isTied ? ranks[before]! : place + 1;
  });
  const ends = edgeEnds(topology);
  const writers = topology.writers.map(nodeName);
  const ports = topology.ports.map((port, index) => ({
    name: topology.portName(index),
    target: nodeName(portNode(port)),
    port: isAttentionPort(port) ? port.branch : ('out' as const),
  }));
  return (id) => {
    const isDirect = id >= topology.additionEdges;
    const { name, target, port } = ports[ends.ports[id]!]!;
    const source = isDirect ? target : writers[ends.writers[id]!]!;
    const isMeasured = Number.isFinite(effects[id]!);
    const found = stability?.get(id);
    return {
      id: isDirect ? `${name}->${target}` : `${source}->${name}`,
      source,
      target,
      port,
      kind: isDirect ? 'direct' : 'addition',
      effect: isMeasured ? effects[id]! : null,
      inCircuitEffect: finiteOrNull(inCircuit?.effects[id]),
      confidence: found ? found.count / found.of : null,
      confidenceLow: found?.lower ?? null,
      confidenceHigh: found?.upper ?? null,
      step: steps[id]! >= 0 ? steps[id]! : null,
      rank: isMeasured ? ranks[id]! : null,
      inCircuit: kept.has(id),
    };
  };
}

/**
 * Rows of all nodes of a model, in the order of `modelNodes`. What is said of them follows from
 * the edges.
 */
export function nodeRecords(shape: NodeShape, edges: readonly EdgeRecord[]): NodeRecord[] {
  const kept = edges.filter((edge) => edge.inCircuit);
  const inCircuit = nodesAt(kept);
  const nodes = modelNodes(shape);
  const readers = new Set(nodes.filter(({ kind }) => kind === 'logits' || kind === 'kv').map(nodeName));
  const effects = new Map<string, number>();
  const add = (name: string, effect: number): unknown => effects.set(name, (effects.get(name) ?? 0) + effect);
  for (const { kind, source, target, effect } of kept) {
    if (kind === 'direct' || effect === null) continue;
    add(source, effect);
    if (readers.has(target)) add(target, effect);
  }
  return nodes.map((node): NodeRecord => {
    const id = nodeName(node);
    return {
      id,
      kind: node.kind,
      layer: 'layer' in node ? node.layer : null,
      head: 'head' in node ? node.head : null,
      kvGroup: groupOf(node, shape),
      inCircuit: inCircuit.has(id),
      effect: effects.get(id) ?? 0,
    };
  });
}

function groupOf(node: Node, shape: NodeShape): number | null {
  if (node.kind === 'kv') return node.group;
  if (node.kind !== 'head' || !isGrouped(shape)) return null;
  return Math.floor((node.head * shape.kvPorts!) / shape.heads);
}

/** Names of the nodes that touch a kept edge, and of `input` and `logits`, which belong to every circuit. */
export function circuitNodes(circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'>): Set<string> {
  const { topology, kept } = circuit;
  const candidates = [...kept].filter((id) => id < candidateEdges(circuit));
  return nodesAt(candidates.map((id) => endNames(topology, id)));
}

function nodesAt(edges: readonly Pick<EdgeRecord, 'source' | 'target'>[]): Set<string> {
  const names = new Set(['input', 'logits']);
  for (const { source, target } of edges) names.add(source).add(target);
  return names;
}

function endNames(topology: Topology, id: number): Pick<EdgeRecord, 'source' | 'target'> {
  const edge = topology.edge(id);
  const target = nodeName(portNode(topology.ports[edge.port]!));
  return { source: edge.kind === 'addition' ? topology.writerName(edge.writer) : target, target };
}
