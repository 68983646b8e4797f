import { select } from '../../view/selection.js';
import type { LimitKind, ViewState } from '../../view/view-state.js';
import type { Store } from '../state/store.js';

// How many edges are shown, and into which ports.

/**
 * Shows about so many edges: the connected circuit up to `rank`, or the strongest ones. The limit keeps its kind.
 * Without a ranking it does nothing.
 */
export function limitToRank(store: Store, rank: number): void {
  const { data, selection, limits: current, update } = store;
  const { ranked, available, by } = selection.peek();
  if (!ranked) return;
  const limit = Math.max(1, Math.min(Math.round(rank), available));
  if (by === 'circuit' || by === 'top') return update({ limit });
  const { limits } = select(data.peek(), { ...current.peek(), limitBy: 'top', limit });
  update({ limit: limits[by] });
}

/** Changes the kind of the limit. About as many edges are shown as before. */
export function limitBy({ selection, update }: Store, kind: LimitKind): void {
  update({ limitBy: kind, limit: selection.peek().limits[kind] });
}

/** Shows about 15 % more edges (`sign` 1) or fewer edges (-1), but at least one, or the next connected circuit. */
export function moreEdges(store: Store, sign: 1 | -1): void {
  const { circuit, limits } = store.selection.peek();
  const size = circuit?.edges ?? limits.top;
  const next = circuit?.next ?? size + 1;
  limitToRank(store, sign > 0 ? Math.max(next, size * 1.15) : Math.min(size - 1, size / 1.15));
}

export function togglePort({ view, update }: Store, port: keyof ViewState['ports']): void {
  const { ports } = view.peek();
  update({ ports: { ...ports, [port]: !ports[port] } });
}
