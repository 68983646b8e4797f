/** Edges between vertices that are numbered so that every edge leads to a larger number. */
export interface PathGraph {
  readonly vertices: number;
  /** [edges], per edge where it begins and where it ends. */
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  /** [edges] What is infinite bounds no path. An edge of strength NaN is as if it were not there. */
  readonly strength: ArrayLike<number>;
  readonly source: number;
  readonly sink: number;
}

/** Strength of what no path leads to. */
const NOTHING = -1;

/**
 * Per edge the strength of the best path from the source to the sink through it. A path is as strong as its weakest
 * edge. NaN where the edge lies on no path. The edges of at least a strength that lie on a path among themselves are
 * then those whose result is at least that strength.
 *
 * The vertices are visited once in each direction: O(vertices + edges).
 */
export function widestPaths(graph: PathGraph): Float64Array {
  const { from, to, strength, source, sink } = graph;
  const sorted = edgesByStart(graph);
  const into = spread(graph, sorted, new Map([[source, Infinity]]), 'on');
  const onwards = spread(graph, sorted, new Map([[sink, Infinity]]), 'back');
  return Float64Array.from(strength, (own, edge) => {
    const weakest = Math.min(into[from[edge]!]!, own, onwards[to[edge]!]!);
    return weakest >= 0 ? weakest : Number.NaN;
  });
}

/**
 * By vertex the strength of the best path that leads there from the starts (`on`), or from there to them (`back`); -1
 * where none does. O(vertices + edges).
 *
 * @param starts by vertex how strong a path is at most that begins there, or ends there.
 */
export function widestFrom(graph: PathGraph, starts: ReadonlyMap<number, number>, way: 'on' | 'back'): Float64Array {
  return spread(graph, edgesByStart(graph), starts, way);
}

function spread(
  { vertices, to, strength }: PathGraph,
  { first, byStart }: SortedEdges,
  starts: ReadonlyMap<number, number>,
  way: 'on' | 'back',
): Float64Array {
  const reached = new Float64Array(vertices).fill(NOTHING);
  for (const [vertex, most] of starts) reached[vertex] = most;
  // In this order every vertex is complete when it is passed on.
  for (let i = 0; i < vertices; i++) {
    const vertex = way === 'on' ? i : vertices - 1 - i;
    for (let at = first[vertex]!; at < first[vertex + 1]!; at++) {
      const edge = byStart[at]!;
      const [start, end] = way === 'on' ? [vertex, to[edge]!] : [to[edge]!, vertex];
      const best = Math.min(reached[start]!, strength[edge]!);
      if (best > reached[end]!) reached[end] = best;
    }
  }
  return reached;
}

/** The edges by where they begin: those of vertex v are `byStart[first[v]] .. byStart[first[v + 1] - 1]`. */
interface SortedEdges {
  readonly first: Int32Array;
  readonly byStart: Int32Array;
}

function edgesByStart({ vertices, from, strength: { length } }: PathGraph): SortedEdges {
  const first = new Int32Array(vertices + 1);
  for (let edge = 0; edge < length; edge++) first[from[edge]! + 1]!++;
  for (let vertex = 0; vertex < vertices; vertex++) first[vertex + 1]! += first[vertex]!;
  const next = first.slice();
  const byStart = new Int32Array(length);
  for (let edge = 0; edge < length; edge++) byStart[next[from[edge]!]!++] = edge;
  return { first, byStart };
}
