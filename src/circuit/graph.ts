import { MultiDirectedGraph } from 'graphology';

import { candidateEdges, keptEdges, type Circuit, type Provenance } from './circuit.js';
import { nodeName, portNode, type Branch, type Node } from './nodes.js';
import type { Topology } from './topology.js';

export interface NodeAttributes {
  label: string;
  kind: Node['kind'];
  /** Null for `input` and `logits`. */
  layer: number | null;
  /** Null for all but heads. */
  head: number | null;
  /** Touches a kept edge; always true of `input` and `logits`. */
  inCircuit: boolean;
  /** Sum of the measured effects of the node's kept outgoing addition edges; for `logits` of its incoming ones. */
  effect: number;
  /** Token texts that belong to the node, for callers that have some. */
  tokens: readonly string[] | null;
  x: number;
  y: number;
}

export interface EdgeAttributes {
  /** Which input of its target the edge goes to: `out` for MLPs and `logits`. */
  port: Branch | 'out';
  kind: 'addition' | 'direct';
  /** Loss form: positive = the edge helps. Null where untested. */
  effect: number | null;
  /** Place in the order of decisions, from 0; null where untested. */
  step: number | null;
  /** Place by |effect| among all tested edges of the circuit, kept or not; 1 is the strongest. Null where untested. */
  rank: number | null;
  inCircuit: boolean;
}

export interface GraphAttributes {
  layers: number;
  heads: number;
  parallel: boolean;
  width: number | null;
  /** Edges that the circuit keeps, of how many. */
  keptEdges: number;
  candidateEdges: number;
  provenance: Provenance | null;
}

export type CircuitGraph = MultiDirectedGraph<NodeAttributes, EdgeAttributes, GraphAttributes>;

export interface GraphOptions {
  /** Also the edges that the circuit does not keep, and every node. */
  readonly allEdges?: boolean;
}

/** Distance of two layers, and of two heads of one layer, in the layout. */
const STEP = 100;

/**
 * The circuit as a graphology multigraph. Nodes and edges are keyed by their names; a head's q, k and v edges from one
 * writer are parallel edges, and direct edges, where they were decided on, are loops at their head.
 */
export function toGraph(circuit: Circuit, options: GraphOptions = {}): CircuitGraph {
  const { topology, kept, steps, effects, provenance, width } = circuit;
  const { layers, heads, parallel } = topology;
  const allEdges = options.allEdges ?? false;
  const graph: CircuitGraph = new MultiDirectedGraph();
  graph.replaceAttributes({
    layers,
    heads,
    parallel,
    width,
    keptEdges: keptEdges(circuit),
    candidateEdges: candidateEdges(circuit),
    provenance,
  });
  const inCircuit = circuitNodes(circuit);
  const effectOf = nodeEffects(circuit);
  for (const node of [...topology.writers, LOGITS]) {
    const label = nodeName(node);
    if (!allEdges && !inCircuit.has(label)) continue;
    graph.addNode(label, {
      label,
      kind: node.kind,
      layer: 'layer' in node ? node.layer : null,
      head: 'head' in node ? node.head : null,
      inCircuit: inCircuit.has(label),
      effect: effectOf.get(label) ?? 0,
      tokens: null,
      ...position(node, topology),
    });
  }
  const rank = effectRanks(circuit);
  for (let id = 0; id < candidateEdges(circuit); id++) {
    if (!allEdges && !kept.has(id)) continue;
    const { source, target, kind, port } = endsOf(topology, id);
    graph.addDirectedEdgeWithKey(topology.edgeName(id), source, target, {
      port,
      kind,
      effect: Number.isFinite(effects[id]!) ? effects[id]! : null,
      step: steps[id]! >= 0 ? steps[id]! : null,
      rank: rank.get(id) ?? null,
      inCircuit: kept.has(id),
    });
  }
  return graph;
}

/** Names of the nodes that touch a kept edge, and of `input` and `logits`, which belong to every circuit. */
export function circuitNodes(circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'>): Set<string> {
  const { topology, kept } = circuit;
  const names = new Set([topology.writerName(0), nodeName(LOGITS)]);
  for (const id of kept) {
    if (id >= candidateEdges(circuit)) break;
    const { source, target } = endsOf(topology, id);
    names.add(source).add(target);
  }
  return names;
}

const LOGITS: Node = { kind: 'logits' };

interface EdgeEnds {
  readonly source: string;
  readonly target: string;
  readonly kind: EdgeAttributes['kind'];
  readonly port: EdgeAttributes['port'];
}

function endsOf(topology: Topology, id: number): EdgeEnds {
  const edge = topology.edge(id);
  const port = topology.ports[edge.port]!;
  const target = nodeName(portNode(port));
  return {
    source: edge.kind === 'addition' ? topology.writerName(edge.writer) : target,
    target,
    kind: edge.kind,
    port: port.kind === 'head' ? port.branch : 'out',
  };
}

function nodeEffects({ topology, kept, effects }: Circuit): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (name: string, effect: number): Map<string, number> => sums.set(name, (sums.get(name) ?? 0) + effect);
  for (const id of kept) {
    const edge = topology.edge(id);
    const effect = effects[id]!;
    if (edge.kind === 'direct' || !Number.isFinite(effect)) continue;
    add(topology.writerName(edge.writer), effect);
    if (edge.port === topology.logitsPort) add(nodeName(LOGITS), effect);
  }
  return sums;
}

/** Equal strengths rank in the order of ids. */
function effectRanks(circuit: Circuit): Map<number, number> {
  const tested = [...circuit.effects.keys()]
    .slice(0, candidateEdges(circuit))
    .filter((id) => Number.isFinite(circuit.effects[id]));
  const strength = (id: number): number => Math.abs(circuit.effects[id]!);
  tested.sort((a, b) => strength(b) - strength(a) || a - b);
  return new Map(tested.map((id, i) => [id, i + 1]));
}

/**
 * Layered layout, y upwards: `input` at the bottom, a band per layer with its heads in columns and its MLP in a column
 * of its own at the right (half a band higher where it reads the heads), `logits` on top.
 */
function position(node: Node, { layers, heads, parallel }: Topology): { x: number; y: number } {
  const middle = ((heads - 1) / 2) * STEP;
  switch (node.kind) {
    case 'input':
      return { x: middle, y: -STEP };
    case 'head':
      return { x: node.head * STEP, y: node.layer * STEP };
    case 'mlp':
      return { x: (heads + 0.5) * STEP, y: (node.layer + (parallel ? 0 : 0.5)) * STEP };
    case 'logits':
      return { x: middle, y: layers * STEP };
  }
}
