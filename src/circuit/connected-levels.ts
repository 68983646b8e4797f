import type { Circuit } from './circuit.js';
import { EdgeSet } from './edge-set.js';
import { isAttentionPort } from './nodes.js';
import { writersBehind } from './reachability.js';
import { widestPaths } from './widest-paths.js';

/**
 * Per edge the strength of the best path from `input` to `logits` through it: that of the path's weakest edge. NaN
 * for edges that are not kept or lie on no path. Direct edges that were not decided on are no candidates: NaN, and
 * paths go on over their ports. The edges of a strength of at least s are what pruneDisconnected leaves of the kept
 * edges of at least s. O(E).
 *
 * @param strengths [edgeCount], by edge id, not negative. NaN = not known: such an edge bounds no path.
 */
export function pathStrengths(kept: EdgeSet, strengths: ArrayLike<number>, directTested: boolean): Float64Array {
  const { topology } = kept;
  const { ports, edgeCount } = topology;
  const from: number[] = [];
  const to: number[] = [];
  const strength: number[] = [];
  const ids: number[] = [];
  const link = (start: number, end: number, width: number, id: number): void => {
    from.push(start);
    to.push(end);
    strength.push(width);
    ids.push(id);
  };
  const known = (id: number): number => (Number.isNaN(strengths[id]) ? Infinity : strengths[id]!);
  const vertices = verticesOf(kept);
  ports.forEach((reader, port) => {
    const { entry, open } = vertices.ofPorts[port]!;
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      const id = first + writer;
      if (kept.has(id)) link(vertices.ofWriters[writer]!, entry, known(id), id);
    }
    if (!isAttentionPort(reader) || !directTested) link(entry, open, Infinity, -1);
    else if (kept.has(topology.directEdge(port)))
      link(entry, open, known(topology.directEdge(port)), topology.directEdge(port));
    for (const owner of writersBehind(topology, port)) link(open, vertices.ofWriters[owner]!, Infinity, -1);
  });
  const found = widestPaths({
    vertices: vertices.count,
    from,
    to,
    strength,
    source: vertices.ofWriters[0]!,
    sink: vertices.ofPorts[topology.logitsPort]!.open,
  });
  const paths = new Float64Array(edgeCount).fill(Number.NaN);
  ids.forEach((id, i) => {
    if (id >= 0) paths[id] = found[i]!;
  });
  return paths;
}

/**
 * Vertices in the order in which a pass computes them: a writer comes after its ports. A port has two, before and after
 * its direct edge.
 */
function verticesOf({ topology }: EdgeSet) {
  const { ports, writers } = topology;
  const ofWriters = new Int32Array(writers.length).fill(-1);
  const ofPorts: { readonly entry: number; readonly open: number }[] = [];
  let count = 0;
  const lastPortOf = new Map<number, number>();
  ports.forEach((_, port) => writersBehind(topology, port).forEach((writer) => lastPortOf.set(writer, port)));
  writers.forEach((_, writer) => {
    if (!lastPortOf.has(writer)) ofWriters[writer] = count++;
  });
  ports.forEach((_, port) => {
    ofPorts.push({ entry: count++, open: count++ });
    for (const writer of writersBehind(topology, port)) {
      if (lastPortOf.get(writer) === port) ofWriters[writer] = count++;
    }
  });
  return { ofWriters, ofPorts, count };
}

/** A connected circuit: the edges of a path strength of at least `strength`. */
export interface ConnectedLevel {
  /** Its candidate edges: direct edges count where they were decided on. */
  readonly edges: number;
  readonly strength: number;
}

/**
 * The connected circuits of the strongest edges, by rising size, each inside the next. Each is what lies on a path from
 * `input` to `logits` among the edges of at least some strength. The last holds every kept edge that lies on a path.
 * None where no edge does. O(E log E).
 *
 * @param paths see pathStrengths.
 */
export function connectedLevels(paths: Float64Array): ConnectedLevel[] {
  const falling = paths
    .filter((strength) => !Number.isNaN(strength))
    .sort()
    .reverse();
  const levels: ConnectedLevel[] = [];
  falling.forEach((strength, i) => {
    if (i + 1 === falling.length || falling[i + 1]! < strength) levels.push({ edges: i + 1, strength });
  });
  return levels;
}

/** The edges of a connected level, as pruneDisconnected has them. */
export function levelEdges(kept: EdgeSet, paths: Float64Array, strength: number, directTested: boolean): EdgeSet {
  const { topology } = kept;
  const all = directTested ? topology.edgeCount : topology.additionEdges;
  return EdgeSet.where(topology, (id) => id >= all || paths[id]! >= strength);
}

/**
 * How strong the edges of a circuit count: by |effect in the circuit| where that was measured, else by |effect| at
 * their decision. What is not finite says that the metric broke down without the edge: infinite. NaN where nothing is
 * known of an edge, as of direct edges in the circuit.
 */
export function edgeStrengths({ effects, inCircuit }: Pick<Circuit, 'effects' | 'inCircuit'>): Float64Array {
  return (inCircuit?.effects ?? effects).map(Math.abs);
}
