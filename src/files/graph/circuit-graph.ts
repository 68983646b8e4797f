import { MultiDirectedGraph } from 'graphology';

import { candidateEdges, keptEdges, type Circuit, type Provenance } from '../../circuit/circuit.js';
import { nodeName, type Node } from '../../circuit/nodes.js';
import {
  circuitNodes,
  edgeRecord,
  effectRanks,
  LOGITS,
  nodeEffects,
  type EdgeKind,
  type PortName,
} from '../../circuit/records.js';
import type { Topology } from '../../circuit/topology.js';

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
  port: PortName;
  kind: EdgeKind;
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
    const { source, target, kind, port } = edgeRecord(topology, id);
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
