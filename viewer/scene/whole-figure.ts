import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { levelWithin } from '../view/connected.js';
import { poolOf } from '../view/pool.js';
import type { LimitKind, ViewState } from '../view/view-state.js';
import { FIGURE_EDGES } from './layout/figure-layout.js';

/**
 * The edges that the places of a figure follow from: the shown ones, and all that the slider can show in a figure. So a
 * slider moves no box. Where the edges of the scope are too many for one figure, it is the largest part of them that is
 * not, by the same kind of limit: the connected circuit, or the strongest edges that pass the filters.
 *
 * @param by what the limit means.
 */
export function wholeOf(
  data: CircuitData,
  shown: readonly EdgeRecord[],
  by: LimitKind,
  view: ViewState,
): readonly EdgeRecord[] {
  const whole = reachable(data, by, view);
  const known = new Set(whole.map(({ id }) => id));
  return [...whole, ...shown.filter(({ id }) => !known.has(id))];
}

function reachable(data: CircuitData, by: LimitKind, view: ViewState): readonly EdgeRecord[] {
  const pool = poolOf(data, view);
  const { scoped, edges } = pool;
  if (scoped.length <= FIGURE_EDGES) return scoped;
  if (by !== 'circuit') return edges.slice(0, FIGURE_EDGES);
  const { paths, levels } = pool.connected();
  const level = levelWithin(levels, FIGURE_EDGES);
  return level ? scoped.filter((_, i) => paths[i]! >= level.strength) : [];
}
