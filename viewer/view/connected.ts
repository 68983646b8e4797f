import { connectedLevels, type ConnectedLevel } from '../../src/circuit/connected-levels.js';
import { widestPaths } from '../../src/circuit/widest-paths.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { recordGraph } from './record-graph.js';

/** The connected circuits of some edges: each is what lies on a path from `input` to `logits` among the strongest. */
export interface ConnectedCircuits {
  /** By edge, in the order of the edges: how strong the best path through it is. NaN where it lies on no path. */
  readonly paths: Float64Array;
  /** By rising size, each inside the next. None where no edge lies on a path. */
  readonly levels: readonly ConnectedLevel[];
}

/** O(E log E). */
export function connectedCircuits(data: CircuitData, edges: readonly EdgeRecord[]): ConnectedCircuits {
  const graph = recordGraph(data, edges, pathStrength);
  const paths = new Float64Array(edges.length).fill(Number.NaN);
  widestPaths(graph).forEach((strength, link) => {
    const edge = graph.edgeOf[link]!;
    if (edge >= 0) paths[edge] = strength;
  });
  return { paths, levels: connectedLevels(paths) };
}

/**
 * The largest connected circuit of at most `most` edges; where none is so small, the smallest. Null for none at all.
 */
export function levelWithin(levels: readonly ConnectedLevel[], most: number): ConnectedLevel | null {
  return levels.findLast(({ edges }) => edges <= most) ?? levels[0] ?? null;
}

/** The edges that lie on a path from `input` to `logits` among themselves, in their order. */
export function onPaths(data: CircuitData, edges: readonly EdgeRecord[]): readonly EdgeRecord[] {
  const { paths } = connectedCircuits(data, edges);
  return edges.filter((_, i) => !Number.isNaN(paths[i]!));
}

/**
 * How strong an edge counts on a path. Of an edge in the circuit whose number is not known, such as a direct edge in
 * the circuit, nobody knows that it is weak: it bounds no path. Any other edge without a number is the weakest.
 */
export function pathStrength({ effect, inCircuit }: EdgeRecord): number {
  return effect === null ? (inCircuit ? Infinity : 0) : Math.abs(effect);
}
