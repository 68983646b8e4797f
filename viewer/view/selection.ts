import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { DEFAULT_EDGES, type LimitKind, type ViewState } from './view-state.js';

/** The edges that are shown, and their counts. */
export interface Selection {
  /** Strongest first. */
  readonly edges: readonly EdgeRecord[];
  /** Number of edges that the slider chooses from: those that pass the filters by scope, port, kind and layer. */
  readonly available: number;
  /** Names of the nodes at the ends of the shown edges. */
  readonly nodes: ReadonlySet<string>;
  /** Sum of |effect| of the shown edges / that of the available edges, 0..1. Null when none was measured. */
  readonly share: number | null;
  /** The same limit as each of its kinds. */
  readonly limits: { readonly top: number; readonly effect: number; readonly share: number };
}

/**
 * The strongest edges that pass the filters, up to the limit. Edges that were not measured come last: a limit by effect
 * or by share never reaches them. When no edge was measured, such a limit is ignored, and the default number is shown.
 *
 * In a comparison, `blink` leaves one circuit of the union, with the effects of that circuit.
 */
export function select(data: CircuitData, view: ViewState): Selection {
  const pool = poolOf(data, view);
  const count = cut(pool, view.limitBy, view.limit);
  const total = pool.sums[pool.measured]!;
  const reached = pool.sums[Math.min(count, pool.measured)]!;
  const edges = onSide(pool.edges.slice(0, count), view.blink);
  const nodes = new Set<string>();
  for (const { source, target } of edges) nodes.add(source).add(target);
  const share = total > 0 ? reached / total : Number(count > 0);
  return {
    edges,
    available: pool.edges.length,
    nodes,
    share: pool.measured > 0 ? share : null,
    limits: { top: count, effect: effectAt(pool, count), share },
  };
}

/** The scope at first: the circuit if the file selects some of its edges, else all edges. */
export function defaultScope(data: CircuitData): 'circuit' | 'all' {
  const kept = data.edges.reduce((count, edge) => count + Number(edge.inCircuit), 0);
  return kept > 0 && kept < data.edges.length ? 'circuit' : 'all';
}

/** Number of filters in force: ports and kinds that are off, and a range of layers. */
export function activeFilters({ ports, kinds, layers }: ViewState): number {
  const off = [...Object.values(ports), ...Object.values(kinds)].filter((on) => !on).length;
  return off + (layers ? 1 : 0);
}

/** The edges that the slider chooses from. */
interface Pool {
  /** Strongest first. Edges that were not measured are last. */
  readonly edges: readonly EdgeRecord[];
  /** Number of measured edges. */
  readonly measured: number;
  /** `sums[n]`: sum of |effect| of the n strongest edges, for n up to `measured`. */
  readonly sums: Float64Array;
}

/** The last pool of each circuit. The slider moves far more often than the filters change. */
const pools = new WeakMap<CircuitData, { readonly key: string; readonly pool: Pool }>();

function poolOf(data: CircuitData, view: ViewState): Pool {
  const key = JSON.stringify([view.scope, view.ports, view.kinds, view.layers]);
  const last = pools.get(data);
  if (last?.key === key) return last.pool;
  const pool = filtered(data, view);
  pools.set(data, { key, pool });
  return pool;
}

function filtered(data: CircuitData, { scope, ports, kinds, layers }: ViewState): Pool {
  const [first, last] = layers ?? [0, Infinity];
  const nodes = new Set<string>();
  for (const { id, kind, layer } of data.nodes) {
    if (kinds[kind] && (layer === null || (layer >= first && layer <= last))) nodes.add(id);
  }
  const circuitOnly = (scope ?? defaultScope(data)) === 'circuit';
  const edges = data.edges.filter(
    (edge) => (edge.inCircuit || !circuitOnly) && ports[edge.port] && nodes.has(edge.source) && nodes.has(edge.target),
  );
  const unmeasured = edges.findIndex((edge) => edge.effect === null);
  const measured = unmeasured < 0 ? edges.length : unmeasured;
  const sums = new Float64Array(measured + 1);
  for (let i = 0; i < measured; i++) sums[i + 1] = sums[i]! + strength(edges[i]!);
  return { edges, measured, sums };
}

/** Number of edges that the limit lets through. */
function cut(pool: Pool, by: LimitKind, limit: number | null): number {
  const { edges, measured, sums } = pool;
  if (limit === null || Number.isNaN(limit) || (by !== 'top' && measured === 0)) {
    return Math.min(DEFAULT_EDGES, edges.length);
  }
  switch (by) {
    case 'top':
      return Math.max(0, Math.min(Math.round(limit), edges.length));
    case 'effect':
      return fewest(measured, (count) => !(strength(edges[count]!) >= limit));
    case 'share': {
      const total = sums[measured]!;
      // When all effects are 0, all edges together have any share.
      if (total === 0) return limit > 0 ? measured : 0;
      return fewest(measured, (count) => sums[count]! / total >= limit);
    }
  }
}

/** The smallest count that is `enough`, or `most`. Every count above one that is enough is enough too. */
function fewest(most: number, enough: (count: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The limit by effect that shows the `count` strongest edges. Edges as strong as the last of them are shown too. */
function effectAt({ edges, measured }: Pool, count: number): number {
  if (count > measured || measured === 0) return 0;
  return count === 0 ? 2 * strength(edges[0]!) || 1 : strength(edges[count - 1]!);
}

function strength(edge: EdgeRecord): number {
  return Math.abs(edge.effect ?? 0);
}

function onSide(edges: readonly EdgeRecord[], side: ViewState['blink']): readonly EdgeRecord[] {
  if (side === null) return edges;
  const other = side === 'a' ? 'only-b' : 'only-a';
  return edges.flatMap((edge) => {
    if (edge.contrast === null) return [edge];
    return edge.contrast.class === other ? [] : [{ ...edge, effect: edge.contrast[side] }];
  });
}
