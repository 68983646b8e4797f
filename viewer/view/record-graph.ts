import { BRANCHES, nodeName } from '../../src/circuit/nodes.js';
import type { PathGraph } from '../../src/circuit/widest-paths.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';

/**
 * Edges as a graph whose paths go from `input` to `logits`, or from any input or error of an attribution graph to any
 * of its logits. A node has a vertex, and so has each of its ports. What reaches a port goes on to the node, and from a
 * key/value head to the heads that share it.
 */
export interface RecordGraph extends PathGraph {
  /** [links] Index of the edge that the link stands for; -1 for a link inside of a node. */
  readonly edgeOf: Int32Array;
  /** The vertex of a node, where its outgoing edges begin. Those of its ports come right before it. */
  readonly vertexOf: ReadonlyMap<string, number>;
}

/**
 * The graph of some edges of a circuit. Where direct edges are among the circuit's edges, a port passes something on
 * only if its direct edge is one of `edges`.
 *
 * @param strengthOf an edge; not negative. What is infinite bounds no path.
 */
export function recordGraph(
  data: CircuitData,
  edges: readonly EdgeRecord[],
  strengthOf: (edge: EdgeRecord) => number,
): RecordGraph {
  const { vertices, source, sink, vertexOf, inner } = skeletonOf(data);
  const links = inner.from.length + edges.length;
  const graph = {
    vertices,
    from: new Int32Array(links),
    to: new Int32Array(links),
    strength: new Float64Array(links).fill(Infinity),
    edgeOf: new Int32Array(links).fill(-1),
    vertexOf,
    source,
    sink,
  };
  graph.from.set(inner.from);
  graph.to.set(inner.to);
  edges.forEach((edge, index) => {
    const link = inner.from.length + index;
    const { entry, open } = portAt(vertexOf.get(edge.target)!, edge);
    graph.from[link] = edge.kind === 'direct' ? entry : vertexOf.get(edge.source)!;
    graph.to[link] = edge.kind === 'direct' ? open : entry;
    graph.strength[link] = strengthOf(edge);
    graph.edgeOf[link] = index;
  });
  return graph;
}

/** What the graphs of all edges of a circuit have in common: its vertices, and the links inside of nodes. */
interface Skeleton {
  readonly vertices: number;
  readonly source: number;
  readonly sink: number;
  /** The vertex of a node, where its outgoing edges begin. Those of its ports come right before it. */
  readonly vertexOf: ReadonlyMap<string, number>;
  readonly inner: { readonly from: readonly number[]; readonly to: readonly number[] };
}

const skeletons = new WeakMap<CircuitData, Skeleton>();

function skeletonOf(data: CircuitData): Skeleton {
  let skeleton = skeletons.get(data);
  if (!skeleton) {
    skeleton = buildSkeleton(data);
    skeletons.set(data, skeleton);
  }
  return skeleton;
}

/** Nodes come in the order in which a pass computes them, so that every link leads to a larger vertex. */
function buildSkeleton({ nodes, edges, tokens }: CircuitData): Skeleton {
  const isDirectTested = edges.some(({ kind }) => kind === 'direct');
  const vertexOf = new Map<string, number>();
  const inner = { from: [] as number[], to: [] as number[] };
  const link = (from: number, to: number): void => {
    inner.from.push(from);
    inner.to.push(to);
  };
  // An attribution graph has several inputs, and errors that nothing feeds, and several logits.
  const several = tokens !== undefined;
  let vertices = several ? 1 : 0;
  for (const { id, kind, layer, kvGroup } of nodes) {
    const branches = kind === 'head' || kind === 'kv' ? BRANCHES : [];
    const vertex = vertices + 2 * branches.length;
    for (const port of branches) {
      const { entry, open } = portAt(vertex, { port });
      if (!isDirectTested) link(entry, open);
      link(open, vertex);
    }
    const shared = kind === 'head' && kvGroup !== null && nodeName({ kind: 'kv', layer: layer!, group: kvGroup });
    if (shared) link(vertexOf.get(shared)!, vertex);
    if (several && (kind === 'input' || kind === 'error')) link(0, vertex);
    vertexOf.set(id, vertex);
    vertices = vertex + 1;
  }
  if (!several) {
    return { vertices, source: vertexOf.get('input') ?? 0, sink: vertexOf.get('logits') ?? 0, vertexOf, inner };
  }
  const sink = vertices++;
  for (const { id, kind } of nodes) if (kind === 'logits') link(vertexOf.get(id)!, sink);
  return { vertices, source: 0, sink, vertexOf, inner };
}

/** The vertices of a port before and after its direct edge. What has one input has no vertex of its own for it. */
function portAt(node: number, { port }: Pick<EdgeRecord, 'port'>): { readonly entry: number; readonly open: number } {
  if (port === 'out') return { entry: node, open: node };
  const entry = node - 2 * (BRANCHES.length - BRANCHES.indexOf(port));
  return { entry, open: entry + 1 };
}
