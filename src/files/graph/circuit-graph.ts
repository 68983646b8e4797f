import { MultiDirectedGraph } from 'graphology';

import { candidateEdges, keptEdges, type Circuit, type Provenance } from '../../circuit/circuit.js';
import { edgeRecords, nodeRecords, type EdgeRecord, type NodeRecord } from '../../circuit/records.js';
import { isGrouped, nodeName } from '../../circuit/nodes.js';
import { shapeOf, type TopologyShape } from '../../circuit/topology-shape.js';
import { layeredPosition } from './layout.js';

/** What the graph says of a node, whose key is its name. */
export interface NodeAttributes extends Omit<NodeRecord, 'id'> {
  readonly label: string;
  /** Token texts that belong to the node, for callers that have some. */
  readonly tokens: readonly string[] | null;
  /** Place in the layout, y upwards. */
  readonly x: number;
  readonly y: number;
}

/**
 * What the graph says of an edge, whose key is its name and whose ends are the graph's. See SHARED for the last kind.
 */
export interface EdgeAttributes extends Omit<EdgeRecord, 'id' | 'source' | 'target' | 'port' | 'kind'> {
  readonly port: EdgeRecord['port'] | 'shared';
  readonly kind: EdgeRecord['kind'] | 'shared';
}

/** From a key/value head to each head that reads it: no edge of the circuit, see isSharedLink. */
const SHARED: EdgeAttributes = {
  port: 'shared',
  kind: 'shared',
  effect: null,
  inCircuitEffect: null,
  confidence: null,
  confidenceLow: null,
  confidenceHigh: null,
  step: null,
  rank: null,
  inCircuit: true,
};

export interface GraphAttributes extends TopologyShape {
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

/**
 * The circuit as a graphology multigraph. Nodes and edges are keyed by their names. A head's q, k and v edges from one
 * writer are parallel edges. Direct edges, where they were decided on, are loops at their head. Where heads share key
 * and value ports, those belong to a node of their own, `a3.kv1`, with links to the heads that read it.
 */
export function toGraph(circuit: Circuit, options: GraphOptions = {}): CircuitGraph {
  const { topology, kept, provenance, width } = circuit;
  const allEdges = options.allEdges ?? false;
  const graph: CircuitGraph = new MultiDirectedGraph();
  const count = candidateEdges(circuit);
  graph.replaceAttributes({
    ...shapeOf(topology),
    width,
    keptEdges: keptEdges(circuit),
    candidateEdges: count,
    provenance,
  });
  const ids = Array.from({ length: count }, (_, id) => id).filter((id) => allEdges || kept.has(id));
  const edges = edgeRecords(circuit, ids);
  for (const { id, ...node } of nodeRecords(topology, edges)) {
    if (!allEdges && !node.inCircuit) continue;
    graph.addNode(id, { ...node, label: id, tokens: null, ...layeredPosition(node, topology) });
  }
  for (const { id, source, target, ...edge } of edges) graph.addDirectedEdgeWithKey(id, source, target, edge);
  addSharedLinks(graph, circuit);
  return graph;
}

/** Between nodes that the graph has. */
function addSharedLinks(graph: CircuitGraph, { topology }: Circuit): void {
  if (!isGrouped(topology)) return;
  topology.ports.forEach((port, index) => {
    if (port.kind !== 'kv' || port.branch !== 'k') return;
    for (const head of topology.headsOf(index)) {
      const [from, to] = [nodeName(port), nodeName({ kind: 'head', layer: port.layer, head })];
      if (graph.hasNode(from) && graph.hasNode(to)) graph.addDirectedEdgeWithKey(`${from}->${to}`, from, to, SHARED);
    }
  });
}
