import { BRANCHES, nodeName } from '../../src/circuit/nodes.js';
import type { PathGraph } from '../../src/circuit/widest-paths.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';

/**
 * Edges as a graph whose paths go from `input` to `logits`. A node has a vertex, and so has each of its ports. What
 * reaches a port goes on to the node, and from a key/value head to the heads that share it.
 */
export interface RecordGraph extends PathGraph {
  /** [links] Index of the edge that the link stands for; -1 for a link inside of a node. */
  readonly edgeOf: Int32Array;
  /** The vertex of a node, where its outgoing edges begin. */
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
  const vertexOf = new Map<string, number>();
  const links: { from: number; to: number; strength: number; edge: number }[] = [];
  const link = (from: number, to: number, strength: number, edge: number) => links.push({ from, to, strength, edge });
  const isDirectTested = hasDirectEdges(data);
  /** Per port its vertices before and after its direct edge. */
  const ports = new Map<string, { readonly entry: number; readonly open: number }>();
  let vertices = 0;
  // Nodes come in the order in which a pass computes them, so that every link leads to a larger vertex.
  for (const { id, kind, layer, kvGroup } of data.nodes) {
    const inside: number[] = [];
    for (const branch of kind === 'head' || kind === 'kv' ? BRANCHES : []) {
      const port = { entry: vertices++, open: vertices++ };
      ports.set(`${id}<${branch}>`, port);
      inside.push(port.open);
    }
    const vertex = vertices++;
    vertexOf.set(id, vertex);
    // Nothing but the node itself is between the one input of an MLP or of the logits and what it writes.
    ports.set(`${id}<out>`, { entry: vertex, open: vertex });
    for (const open of inside) link(open, vertex, Infinity, -1);
    const shared = kind === 'head' && kvGroup !== null && nodeName({ kind: 'kv', layer: layer!, group: kvGroup });
    if (shared) link(vertexOf.get(shared)!, vertex, Infinity, -1);
  }
  edges.forEach((edge, index) => {
    const port = ports.get(`${edge.target}<${edge.port}>`)!;
    const start = edge.kind === 'direct' ? port.entry : vertexOf.get(edge.source)!;
    link(start, edge.kind === 'direct' ? port.open : port.entry, strengthOf(edge), index);
  });
  if (!isDirectTested) {
    for (const { entry, open } of ports.values()) if (entry !== open) link(entry, open, Infinity, -1);
  }
  return {
    vertices,
    from: Int32Array.from(links, ({ from }) => from),
    to: Int32Array.from(links, ({ to }) => to),
    strength: Float64Array.from(links, ({ strength }) => strength),
    edgeOf: Int32Array.from(links, ({ edge }) => edge),
    vertexOf,
    source: vertexOf.get('input') ?? 0,
    sink: vertexOf.get('logits') ?? 0,
  };
}

const directKnown = new WeakMap<CircuitData, boolean>();

/** Whether direct edges were decided on like the others. */
function hasDirectEdges(data: CircuitData): boolean {
  let known = directKnown.get(data);
  if (known === undefined) {
    known = data.edges.some(({ kind }) => kind === 'direct');
    directKnown.set(data, known);
  }
  return known;
}
