import { BRANCHES } from '../../src/circuit/nodes.js';
import { assemble, type CircuitData, type EdgeClass, type EdgeRecord, type Shape } from '../data/circuit-data.js';
import { defaultScope } from './selection.js';

export interface ClassCounts {
  /** In both circuits, with effects of one sign. */
  readonly both: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** In both circuits, with effects of opposite signs. */
  readonly flipped: number;
}

/** Two circuits as one. */
export interface Comparison {
  /**
   * The union of both. An edge that one of them keeps is in the circuit. An edge that neither keeps has no contrast.
   */
  readonly data: CircuitData;
  readonly edges: ClassCounts;
  readonly nodes: ClassCounts;
  /** Edges in both circuits / edges in either. 1 when both are empty. */
  readonly jaccardEdges: number;
  /** The same of nodes. `input` and `logits` are in every circuit. */
  readonly jaccardNodes: number;
  /**
   * Spearman's correlation of |effect|, over the edges that are measured in both. Null when they are fewer than two, or
   * when all |effect| of one circuit are equal.
   */
  readonly rankCorrelation: number | null;
}

/**
 * Compares two circuits by the names of their edges: they may be of different models. Direct edges are left out unless
 * both circuits have them.
 */
export function compare(a: CircuitData, b: CircuitData): Comparison {
  const shape: Shape = {
    layers: Math.max(a.layers, b.layers),
    heads: Math.max(a.heads, b.heads),
    parallel: a.parallel && b.parallel,
  };
  const withDirect = hasDirect(a) && hasDirect(b);
  const names = new Set([...a.edgeById.keys(), ...b.edgeById.keys()]);
  const edges: EdgeRecord[] = [];
  const [left, right]: [number[], number[]] = [[], []];
  for (const name of names) {
    const inA = a.edgeById.get(name);
    const inB = b.edgeById.get(name);
    const edge = (inA ?? inB)!;
    if (edge.kind === 'direct' && !withDirect) continue;
    const effectA = inA?.effect ?? null;
    const effectB = inB?.effect ?? null;
    if (effectA !== null && effectB !== null) {
      left.push(Math.abs(effectA));
      right.push(Math.abs(effectB));
    }
    const kind = classOf(inA?.inCircuit ?? false, inB?.inCircuit ?? false, effectA, effectB);
    edges.push({
      ...edge,
      effect: Math.abs(effectB ?? 0) > Math.abs(effectA ?? 0) ? effectB : (effectA ?? effectB),
      step: null,
      inCircuit: kind !== null,
      pending: (inA?.pending ?? false) || (inB?.pending ?? false),
      contrast: kind && { class: kind, a: effectA, b: effectB },
    });
  }
  const data = assemble(shape, ranked(edges, shape));
  const edgeCounts = count(data.edges.map((edge) => edge.contrast?.class ?? null));
  const nodeCounts = count(
    data.nodes.map(({ id }) => {
      const [inA, inB] = [a.nodeById.get(id), b.nodeById.get(id)];
      return classOf(inA?.inCircuit ?? false, inB?.inCircuit ?? false, inA?.effect ?? null, inB?.effect ?? null);
    }),
  );
  return {
    data,
    edges: edgeCounts,
    nodes: nodeCounts,
    jaccardEdges: jaccard(edgeCounts),
    jaccardNodes: jaccard(nodeCounts),
    rankCorrelation: correlation(ranks(left), ranks(right)),
  };
}

/** The number of edges that both circuits can be cut to: that of the smaller circuit. */
export function matchEdges(a: CircuitData, b: CircuitData): number {
  return Math.min(eligible(a).length, eligible(b).length);
}

/** The data with only the `count` strongest edges in the circuit. */
export function strongest(data: CircuitData, count: number): CircuitData {
  const chosen = new Set(eligible(data).slice(0, count));
  return assemble(
    data,
    data.edges.map((edge) => (edge.inCircuit === chosen.has(edge) ? edge : { ...edge, inCircuit: !edge.inCircuit })),
  );
}

/** Edges that a reader sees at first, strongest first: those of the circuit, or all if the file selects none. */
function eligible(data: CircuitData): readonly EdgeRecord[] {
  return defaultScope(data) === 'all' ? data.edges : data.edges.filter((edge) => edge.inCircuit);
}

function hasDirect(data: CircuitData): boolean {
  return data.edges.some((edge) => edge.kind === 'direct');
}

function classOf(inA: boolean, inB: boolean, a: number | null, b: number | null): EdgeClass | null {
  if (inA && inB) return Math.sign(a ?? 0) * Math.sign(b ?? 0) < 0 ? 'flipped' : 'both';
  if (inA) return 'only-a';
  return inB ? 'only-b' : null;
}

function count(classes: readonly (EdgeClass | null)[]): ClassCounts {
  const of = (kind: EdgeClass): number => classes.filter((item) => item === kind).length;
  return { both: of('both'), onlyA: of('only-a'), onlyB: of('only-b'), flipped: of('flipped') };
}

function jaccard({ both, onlyA, onlyB, flipped }: ClassCounts): number {
  const all = both + flipped + onlyA + onlyB;
  return all === 0 ? 1 : (both + flipped) / all;
}

/** Sorts the edges, strongest first and equals by edge id, and gives them their ranks. */
function ranked(edges: EdgeRecord[], shape: Shape): EdgeRecord[] {
  const strength = ({ effect }: EdgeRecord): number => (effect === null ? -1 : Math.abs(effect));
  const ids = idsIn(shape, edges);
  edges.sort((x, y) => strength(y) - strength(x) || ids.get(x)! - ids.get(y)!);
  return edges.map((edge, place) => ({ ...edge, rank: edge.effect === null ? null : place + 1 }));
}

/** Numbers that are in the order of edge ids: by kind, then by port, then by writer. */
function idsIn({ layers, heads }: Shape, edges: readonly EdgeRecord[]): Map<EdgeRecord, number> {
  const { nodes } = assemble({ layers, heads, parallel: false }, []);
  const places = new Map(nodes.map((node, place) => [node.id, { node, place }]));
  return new Map(
    edges.map((edge) => {
      const { node } = places.get(edge.target)!;
      const branch = edge.port === 'out' ? 3 : BRANCHES.indexOf(edge.port);
      const port = ((node.layer ?? layers) * 4 + branch) * heads + (node.head ?? 0);
      const kind = edge.kind === 'direct' ? (layers + 1) * 4 * heads : 0;
      return [edge, (kind + port) * nodes.length + places.get(edge.source)!.place];
    }),
  );
}

/** Rank of each value. The smallest has rank 1. Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((x, y) => values[x]! - values[y]!);
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) result[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

/** Pearson's correlation of two lists of ranks. */
function correlation(x: Float64Array, y: Float64Array): number | null {
  const mean = (x.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}
