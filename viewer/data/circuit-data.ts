import { candidateEdges, signIsStated, type Circuit } from '../../src/circuit/circuit.js';
import type { Contrast } from '../../src/circuit/comparison.js';
import { nodeName, portNode, type Branch, type Node } from '../../src/circuit/nodes.js';
import type { SignReading } from './saved-view.js';

/** How an edge differs between two circuits that are compared. */
export type EdgeClass = Contrast;

export interface NodeRecord {
  /** The node's name: `a9.h9`, `m3`, `input`, `logits`. */
  readonly id: string;
  /** As it is drawn: `9.9`, `MLP 3`, `input`, `logits`. */
  readonly label: string;
  readonly kind: Node['kind'];
  /** Null for `input` and `logits`. */
  readonly layer: number | null;
  /** Null for all but heads. */
  readonly head: number | null;
  readonly inCircuit: boolean;
  /** Sum of the effects of its kept outgoing edges; for `logits` of its incoming ones. */
  readonly effect: number;
}

export interface EdgeRecord {
  /** The edge's name: `a9.h9->a11.h10<q>`; direct edges `a3.h0<q>->a3.h0`. */
  readonly id: string;
  /** Names of nodes; a direct edge goes from its head to its head. */
  readonly source: string;
  readonly target: string;
  readonly port: Branch | 'out';
  readonly kind: 'addition' | 'direct';
  /** Loss form after the reader's choice of sign: positive = the edge helps. Null = not measured. */
  readonly effect: number | null;
  /** Place in the order of decisions, from 0. */
  readonly step: number | null;
  /** Place by |effect|, from 1 (strongest); null where not measured. */
  readonly rank: number | null;
  readonly inCircuit: boolean;
  /** In a replay: not decided on yet at the step shown. */
  readonly pending: boolean;
  /** In a comparison; `effect` is then the one of larger magnitude. */
  readonly contrast: { readonly class: EdgeClass; readonly a: number | null; readonly b: number | null } | null;
}

/**
 * A circuit as the viewer reads it: every candidate edge, kept or not. A comparison of two circuits and a moment of a
 * replay are CircuitData too, so that filters, layouts and panels need not know of them.
 */
export interface CircuitData {
  readonly layers: number;
  readonly heads: number;
  /** Attention and MLP read the same stream: MLPs stand in their layer's row. */
  readonly parallel: boolean;
  /** `input`, per layer heads and MLP, `logits`. */
  readonly nodes: readonly NodeRecord[];
  /** Strongest first, equals in the order of edge ids; those not measured last. */
  readonly edges: readonly EdgeRecord[];
  readonly nodeById: ReadonlyMap<string, NodeRecord>;
  readonly edgeById: ReadonlyMap<string, EdgeRecord>;
}

/** What decides which nodes there are. */
export type Shape = Pick<CircuitData, 'layers' | 'heads' | 'parallel'>;

/**
 * Every candidate edge of the circuit, its effect signed so that positive = helps: `sign` says how the scores are to be
 * read where the file does not say so itself.
 */
export function toCircuitData(circuit: Circuit, sign: SignReading): CircuitData {
  const { topology, effects, steps, kept } = circuit;
  const count = candidateEdges(circuit);
  const flip = sign === 'negative-helps' && !signIsStated(circuit);
  const strengths = effects.subarray(0, count).map(strength);
  const order = [...strengths.keys()].sort((a, b) => strengths[b]! - strengths[a]! || a - b);
  const names = topology.writers.map(nodeName);
  const ports = topology.ports.map((port, index) => ({
    name: topology.portName(index),
    target: nodeName(portNode(port)),
    port: port.kind === 'head' ? port.branch : ('out' as const),
  }));
  const firsts = topology.ports.map((_, port) => topology.firstEdge(port));
  const edges = order.map((id, place): EdgeRecord => {
    const direct = id >= topology.additionEdges;
    const at = direct ? topology.edge(id).port : lastNotAbove(firsts, id);
    const { name, target, port } = ports[at]!;
    const source = direct ? target : names[id - firsts[at]!]!;
    const measured = strengths[id]! >= 0;
    return {
      id: direct ? `${name}->${target}` : `${source}->${name}`,
      source,
      target,
      port,
      kind: direct ? 'direct' : 'addition',
      effect: measured ? signed(effects[id]!, flip) : null,
      step: steps[id]! >= 0 ? steps[id]! : null,
      rank: measured ? place + 1 : null,
      inCircuit: kept.has(id),
      pending: false,
      contrast: null,
    };
  });
  return assemble(topology, edges);
}

/**
 * The data of these edges: its nodes are those of the shape, and what is said of them follows from the edges.
 *
 * @param edges in the order of CircuitData's.
 */
export function assemble({ layers, heads, parallel }: Shape, edges: readonly EdgeRecord[]): CircuitData {
  const effects = new Map<string, number>();
  const inCircuit = new Set(['input', 'logits']);
  const edgeById = new Map<string, EdgeRecord>();
  for (const edge of edges) {
    edgeById.set(edge.id, edge);
    if (!edge.inCircuit) continue;
    inCircuit.add(edge.source).add(edge.target);
    if (edge.kind === 'direct' || edge.effect === null) continue;
    effects.set(edge.source, (effects.get(edge.source) ?? 0) + edge.effect);
    if (edge.target === 'logits') effects.set('logits', (effects.get('logits') ?? 0) + edge.effect);
  }
  const nodes = nodesOf(layers, heads).map((node): NodeRecord => {
    const id = nodeName(node);
    return {
      id,
      label: nodeLabel(node),
      kind: node.kind,
      layer: 'layer' in node ? node.layer : null,
      head: 'head' in node ? node.head : null,
      inCircuit: inCircuit.has(id),
      effect: effects.get(id) ?? 0,
    };
  });
  return { layers, heads, parallel, nodes, edges, nodeById: new Map(nodes.map((node) => [node.id, node])), edgeById };
}

/** |effect|, below every other where not measured. */
function strength(effect: number): number {
  return Number.isFinite(effect) ? Math.abs(effect) : -1;
}

/** Never -0. */
function signed(effect: number, flip: boolean): number {
  return flip && effect !== 0 ? -effect : effect;
}

/** Index of the last of the ascending `values` that is not above `value`. */
function lastNotAbove(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function nodesOf(layers: number, heads: number): Node[] {
  const nodes: Node[] = [{ kind: 'input' }];
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) nodes.push({ kind: 'head', layer, head });
    nodes.push({ kind: 'mlp', layer });
  }
  nodes.push({ kind: 'logits' });
  return nodes;
}

function nodeLabel(node: Node): string {
  switch (node.kind) {
    case 'head':
      return `${node.layer}.${node.head}`;
    case 'mlp':
      return `MLP ${node.layer}`;
    default:
      return node.kind;
  }
}
