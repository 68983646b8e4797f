import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { levelWithin, onPaths } from './connected.js';
import { countWithin, effectAt, tieAfter, type Tie } from './limit.js';
import { poolOf, strength, type Pool } from './pool.js';
import { DEFAULT_EDGES, type LimitKind, type ViewState } from './view-state.js';

/** The edges that are shown, and their counts. */
export interface Selection {
  /** Strongest first. */
  readonly edges: readonly EdgeRecord[];
  /** Number of edges that the slider chooses from: its right end. */
  readonly available: number;
  /** Names of the nodes at the ends of the shown edges. */
  readonly nodes: ReadonlySet<string>;
  /** Sum of |effect| of the shown edges / that of all edges that pass the filters, 0..1. Null when the latter is 0. */
  readonly share: number | null;
  /** False when no edge is stronger than another: all of them are shown, whatever the limit. */
  readonly ranked: boolean;
  /** Set when the last shown edge is as strong as the first one that is not shown. */
  readonly tie: Tie | null;
  /**
   * What the limit means. It is another than the view's where that makes no sense: no connected circuit is chosen where
   * no edge lies on a path, where nothing ranks the edges, and at a moment of a replay.
   */
  readonly by: LimitKind;
  /** The connected circuit that was chosen, of which the filters may hide a part. Null for another kind of limit. */
  readonly circuit: {
    readonly edges: number;
    /** Size of the next larger one; the same where there is none. */
    readonly next: number;
  } | null;
  /** Edges within the limit that are left out because they lie on no path. */
  readonly offPaths: number;
  /** The same limit as each of its kinds. */
  readonly limits: Readonly<Record<LimitKind, number>>;
}

/**
 * The edges within the limit that pass the filters.
 *
 * - `circuit`: those of the largest connected circuit up to the limit, or of the smallest one. All edges together count
 *   as one too, unless `view.onPaths`. The filters hide edges of it; they do not change which circuit it is.
 * - else: the strongest edges that pass the filters. Edges that were not measured come last: a limit by effect or by
 *   share never reaches them. When nothing ranks the edges, all of them are shown. With `view.onPaths`, edges are left
 *   out that lie on no path from `input` to `logits` among the shown ones and those of their strength that the filters
 *   hide.
 *
 * In a comparison, `blink` leaves one circuit of the union, with the effects of that circuit.
 */
export function select(data: CircuitData, view: ViewState): Selection {
  const pool = poolOf(data, view);
  const isConnected = view.limitBy === 'circuit' && pool.ranked && !pool.scoped.some(({ pending }) => pending);
  const chosen = (isConnected ? connectedPart(pool, view) : null) ?? strongestPart(data, pool, view);
  const edges = onSide(chosen.edges, view.blink);
  const nodes = new Set<string>();
  for (const { source, target } of edges) nodes.add(source).add(target);
  return { ...chosen, edges, nodes, ranked: pool.ranked };
}

/** Number of filters in force: ports and kinds that are off, and a range of layers. */
export function activeFilters({ ports, kinds, layers }: ViewState): number {
  const off = [...Object.values(ports), ...Object.values(kinds)].filter((on) => !on).length;
  return off + (layers ? 1 : 0);
}

type Part = Omit<Selection, 'nodes' | 'ranked'>;

/** Null where no edge lies on a path. */
function connectedPart(pool: Pool, { limit, onPaths: pathsOnly }: ViewState): Part | null {
  const { paths, levels } = pool.connected();
  const most = limit === null || Number.isNaN(limit) ? DEFAULT_EDGES : limit;
  const level = levelWithin(levels, most);
  if (!level) return null;
  const available = pathsOnly === true ? levels.at(-1)!.edges : pool.scoped.length;
  const isWhole = most >= available;
  const isAll = isWhole && pathsOnly !== true;
  const edges = pool.scoped.filter((edge, i) => (isAll || paths[i]! >= level.strength) && pool.passes(edge));
  const share = shareOf(pool, edges);
  const size = isWhole ? available : level.edges;
  const next = levels.find((larger) => larger.edges > size)?.edges ?? available;
  return {
    edges,
    available,
    share,
    tie: null,
    by: 'circuit',
    circuit: { edges: size, next },
    offPaths: 0,
    limits: {
      circuit: size,
      top: edges.length,
      effect: !isWhole && Number.isFinite(level.strength) ? level.strength : 0,
      share: share ?? Number(edges.length > 0),
    },
  };
}

function strongestPart(data: CircuitData, pool: Pool, view: ViewState): Part {
  const by = view.limitBy === 'circuit' ? 'top' : view.limitBy;
  const count = countWithin(pool, by, view.limit);
  const within = pool.edges.slice(0, count);
  const edges = view.onPaths === true && pool.connected().levels.length > 0 ? connectedOf(data, pool, within) : within;
  return {
    edges,
    available: pool.edges.length,
    share: edges === within ? shareAt(pool, count) : shareOf(pool, edges),
    tie: tieAfter(pool.edges, count),
    by,
    circuit: null,
    offPaths: count - edges.length,
    limits: {
      circuit: count,
      top: count,
      effect: effectAt(pool, count),
      share: shareAt(pool, count) ?? Number(count > 0),
    },
  };
}

/** Those of the edges that lie on a path. What the filters hide carries on where it is as strong as they are. */
function connectedOf(data: CircuitData, pool: Pool, edges: readonly EdgeRecord[]): readonly EdgeRecord[] {
  const shown = new Set(edges);
  const last = edges.at(-1);
  const weakest = last === undefined || last.effect === null ? 0 : strength(last);
  const standing = pool.scoped.filter((edge) => shown.has(edge) || (!pool.passes(edge) && strength(edge) >= weakest));
  return onPaths(data, standing).filter((edge) => shown.has(edge));
}

/** The share of the strongest edges, so many of them. */
function shareAt({ sums, measured }: Pool, count: number): number | null {
  const total = sums[measured]!;
  return total > 0 ? sums[Math.min(count, measured)]! / total : null;
}

function shareOf({ sums, measured }: Pool, edges: readonly EdgeRecord[]): number | null {
  const total = sums[measured]!;
  return total > 0 ? edges.reduce((sum, edge) => sum + strength(edge), 0) / total : null;
}

function onSide(edges: readonly EdgeRecord[], side: ViewState['blink']): readonly EdgeRecord[] {
  if (side === null) return edges;
  const other = side === 'a' ? 'only-b' : 'only-a';
  return edges.flatMap((edge) => {
    if (edge.contrast === null) return [edge];
    return edge.contrast.class === other ? [] : [{ ...edge, effect: edge.contrast[side] }];
  });
}
