import { select } from '../../view/selection.js';
import type { ViewState } from '../../view/view-state.js';
import type { Store } from '../state/store.js';

// How many edges are shown, and into which ports.

/** Shows the strongest edges, `rank` of them. The limit keeps its kind. Without a ranking it does nothing. */
export function limitToRank(store: Store, rank: number): void {
  const { data, selection, view, update } = store;
  if (!selection.peek().ranked) return;
  const state = view.peek();
  const top = Math.max(1, Math.min(Math.round(rank), selection.peek().available));
  if (state.limitBy === 'top') return update({ limit: top });
  const { limits } = select(data.peek(), { ...state, limitBy: 'top', limit: top });
  update({ limit: limits[state.limitBy] });
}

/** Changes the kind of the limit. The edges stay the same. */
export function limitBy({ selection, update }: Store, kind: ViewState['limitBy']): void {
  update({ limitBy: kind, limit: selection.peek().limits[kind] });
}

/** Shows about 15 % more edges (`sign` 1) or fewer edges (-1), but at least one. */
export function moreEdges(store: Store, sign: 1 | -1): void {
  const { length } = store.selection.peek().edges;
  limitToRank(store, sign > 0 ? Math.max(length + 1, length * 1.15) : Math.min(length - 1, length / 1.15));
}

export function togglePort({ view, update }: Store, port: keyof ViewState['ports']): void {
  const { ports } = view.peek();
  update({ ports: { ...ports, [port]: !ports[port] } });
}
