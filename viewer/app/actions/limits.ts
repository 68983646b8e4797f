import { select } from '../../view/selection.js';
import type { ViewState } from '../../view/view-state.js';
import { data } from '../state/circuits.js';
import { selection } from '../state/edges.js';
import { update, view } from '../state/view.js';

// How many edges are shown, and into which ports.

/** Shows the strongest edges, `rank` of them. The limit keeps its kind. Without a ranking it does nothing. */
export function limitToRank(rank: number): void {
  if (!selection.peek().ranked) return;
  const state = view.peek();
  const top = Math.max(1, Math.min(Math.round(rank), selection.peek().available));
  if (state.limitBy === 'top') return update({ limit: top });
  const { limits } = select(data.peek(), { ...state, limitBy: 'top', limit: top });
  update({ limit: limits[state.limitBy] });
}

/** Changes the kind of the limit. The edges stay the same. */
export function limitBy(kind: ViewState['limitBy']): void {
  update({ limitBy: kind, limit: selection.peek().limits[kind] });
}

/** Shows about 15 % more edges (`sign` 1) or fewer edges (-1), but at least one. */
export function moreEdges(sign: 1 | -1): void {
  const { length } = selection.peek().edges;
  limitToRank(sign > 0 ? Math.max(length + 1, length * 1.15) : Math.min(length - 1, length / 1.15));
}

export function togglePort(port: keyof ViewState['ports']): void {
  const { ports } = view.peek();
  update({ ports: { ...ports, [port]: !ports[port] } });
}
