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
  /** Sum of |effect| of the shown edges / that of the available edges, 0..1. Null when the latter sum is 0. */
  readonly share: number | null;
  /** False when no edge is stronger than another: all of them are shown, whatever the limit. */
  readonly ranked: boolean;
  /** Set when the last shown edge is as strong as the first one that is not shown. */
  readonly tie: Tie | null;
  /** The same limit as each of its kinds. */
  readonly limits: Readonly<Record<LimitKind, number>>;
}

/** Edges of equal strength that the limit goes through. Some are shown, by their order alone. */
export interface Tie {
  /** Null = they were not measured. */
  readonly strength: number | null;
  readonly shown: number;
  readonly tied: number;
}

/**
 * The strongest edges that pass the filters, up to the limit. Edges that were not measured come last: a limit by effect
 * or by share never reaches them. When nothing ranks the edges, all of them are shown.
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
  return {
    edges,
    available: pool.edges.length,
    nodes,
    share: total > 0 ? reached / total : null,
    ranked: pool.ranked,
    tie: tieAfter(pool.edges, count),
    limits: {
      circuit: count,
      top: count,
      effect: effectAt(pool, count),
      share: total > 0 ? reached / total : Number(count > 0),
    },
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
  /** False when there are several edges and no edge is stronger than another. A replay has edges to come: true. */
  readonly ranked: boolean;
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
    // Features and their errors are no kind of the filter.
    const isOn = kind === 'feature' || kind === 'error' || kinds[kind === 'kv' ? 'head' : kind];
    if (isOn && (layer === null || (layer >= first && layer <= last))) nodes.add(id);
  }
  const circuitOnly = (scope ?? defaultScope(data)) === 'circuit';
  const edges = data.edges.filter(
    (edge) => (edge.inCircuit || !circuitOnly) && ports[edge.port] && nodes.has(edge.source) && nodes.has(edge.target),
  );
  const unmeasured = edges.findIndex((edge) => edge.effect === null);
  const measured = unmeasured < 0 ? edges.length : unmeasured;
  const sums = new Float64Array(measured + 1);
  for (let i = 0; i < measured; i++) sums[i + 1] = sums[i]! + strength(edges[i]!);
  const ranked = edges.length < 2 || edges.some((edge) => edge.pending || !isTied(edge, edges[0]!));
  return { edges, measured, sums, ranked };
}

/** Number of edges that the limit lets through. */
function cut(pool: Pool, by: LimitKind, limit: number | null): number {
  const { edges, measured, sums, ranked } = pool;
  if (!ranked) return edges.length;
  if (limit === null || Number.isNaN(limit) || (by !== 'top' && measured === 0)) return atFirst(pool);
  switch (by) {
    case 'circuit':
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

/**
 * Number of edges that are shown at first. It goes through no tie: where the default number does, the end of the tie is
 * taken that is nearer on the slider, whose scale is logarithmic.
 */
function atFirst(pool: Pool): number {
  const count = Math.min(DEFAULT_EDGES, pool.edges.length);
  const tie = tieAfter(pool.edges, count);
  if (!tie) return count;
  const [from, to] = [count - tie.shown, count - tie.shown + tie.tied];
  return count / from <= to / count ? from : to;
}

/** The tie that a cut after the first `count` edges goes through; null when it goes through none. */
export function tieAfter(edges: readonly EdgeRecord[], count: number): Tie | null {
  const [last, next] = [edges[count - 1], edges[count]];
  if (!last || !next || !isTied(last, next)) return null;
  let [from, to] = [count - 1, count + 1];
  while (from > 0 && isTied(edges[from - 1]!, last)) from--;
  while (to < edges.length && isTied(edges[to]!, last)) to++;
  return { strength: last.effect === null ? null : strength(last), shown: count - from, tied: to - from };
}

/** Whether nothing but their order tells two edges apart. Edges that a replay has yet to decide on are told by it. */
function isTied(a: EdgeRecord, b: EdgeRecord): boolean {
  return strength(a) === strength(b) && (a.effect === null) === (b.effect === null) && !a.pending && !b.pending;
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
