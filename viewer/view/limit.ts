import type { EdgeRecord } from '../data/circuit-data.js';
import { isTied, strength, type Pool } from './pool.js';
import { DEFAULT_EDGES, type LimitKind } from './view-state.js';

/** Edges of equal strength that the limit goes through. Some are shown, by their order alone. */
export interface Tie {
  /** Null = they were not measured. */
  readonly strength: number | null;
  readonly shown: number;
  readonly tied: number;
}

/**
 * Number of edges that the limit lets through. Without a limit those that are shown at first.
 *
 * At a moment of a replay nothing tells which of the edges to come are worth showing: all are, whatever the limit.
 */
export function countWithin(pool: Pool, by: Exclude<LimitKind, 'circuit'>, limit: number | null): number {
  const { edges, measured, sums, ranked } = pool;
  if (!ranked || isReplayed(pool)) return edges.length;
  if (limit === null || Number.isNaN(limit) || (by !== 'top' && measured === 0)) return atFirst(pool);
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

/** Whether edges are there that a replay has yet to decide on. */
export function isReplayed({ edges }: Pick<Pool, 'edges'>): boolean {
  return edges.some(({ pending }) => pending);
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
export function effectAt({ edges, measured }: Pool, count: number): number {
  if (count > measured || measured === 0) return 0;
  return count === 0 ? 2 * strength(edges[0]!) || 1 : strength(edges[count - 1]!);
}
