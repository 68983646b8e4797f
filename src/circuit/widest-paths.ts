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

/**
 * Per edge the strength of the best path from the source to the sink through it. A path is as strong as its weakest
 * edge. NaN where the edge lies on no path. The edges of at least a strength that lie on a path among themselves are
 * then those whose result is at least that strength.
 *
 * The vertices are visited once in each direction: O(vertices + edges).
 */
export function widestPaths({ vertices, from, to, strength, source, sink }: PathGraph): Float64Array {
  const edges = strength.length;
  const { first, byStart } = edgesByStart(vertices, from, edges);
  const nothing = -1;
  const into = new Float64Array(vertices).fill(nothing);
  const onwards = new Float64Array(vertices).fill(nothing);
  into[source] = Infinity;
  onwards[sink] = Infinity;
  for (let vertex = 0; vertex < vertices; vertex++) {
    if (into[vertex] === nothing) continue;
    for (let at = first[vertex]!; at < first[vertex + 1]!; at++) {
      const edge = byStart[at]!;
      const reached = Math.min(into[vertex]!, strength[edge]!);
      if (reached > into[to[edge]!]!) into[to[edge]!] = reached;
    }
  }
  for (let vertex = vertices - 1; vertex >= 0; vertex--) {
    for (let at = first[vertex]!; at < first[vertex + 1]!; at++) {
      const edge = byStart[at]!;
      const reached = Math.min(onwards[to[edge]!]!, strength[edge]!);
      if (reached > onwards[vertex]!) onwards[vertex] = reached;
    }
  }
  return Float64Array.from({ length: edges }, (_, edge) => {
    const weakest = Math.min(into[from[edge]!]!, strength[edge]!, onwards[to[edge]!]!);
    return weakest >= 0 ? weakest : Number.NaN;
  });
}

/** The edges by where they begin: those of vertex v are `byStart[first[v]] .. byStart[first[v + 1] - 1]`. */
function edgesByStart(vertices: number, from: ArrayLike<number>, edges: number) {
  const first = new Int32Array(vertices + 1);
  for (let edge = 0; edge < edges; edge++) first[from[edge]! + 1]!++;
  for (let vertex = 0; vertex < vertices; vertex++) first[vertex + 1]! += first[vertex]!;
  const next = first.slice();
  const byStart = new Int32Array(edges);
  for (let edge = 0; edge < edges; edge++) byStart[next[from[edge]!]!++] = edge;
  return { first, byStart };
}
