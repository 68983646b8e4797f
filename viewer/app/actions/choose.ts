import { plural } from '../../view/format.js';
import { inFull } from '../../view/reach.js';
import type { Store } from '../state/store.js';

/** Opens the card of a node or an edge, by its name in the drawing or in the circuit. Null closes the card. */
export function choose({ narrow, panelOpen, update }: Store, id: string | null): void {
  if (id !== null && narrow.peek()) panelOpen.value = true;
  update(id === null ? { selected: null } : { selected: id, tab: 'card' });
}

/** Lights up a node or an edge of the circuit in the drawing. Null lights up nothing. */
export function hint({ hovered, displayEdgeOf, displayNodeOf }: Store, id: string | null): void {
  hovered.value = id === null ? null : (displayEdgeOf.peek().get(id) ?? displayNodeOf.peek().get(id) ?? null);
}

/** Lights up nodes and edges of the circuit in the drawing, all alike. None lights up nothing. */
export function light({ lit, data }: Store, names: readonly string[]): void {
  lit.value = names.length === 0 ? null : inFull(data.peek(), names);
}

/** Closes one thing at a time: a dialog, the export menu, the card, the search, a blinked circuit, the pins. */
export function clear(store: Store): void {
  const { hovered, dialog, exportOpen, view, update, spoken } = store;
  const { selected: open, query, blink, pinned } = view.peek();
  hovered.value = null;
  if (dialog.peek()) dialog.value = null;
  else if (exportOpen.peek()) exportOpen.value = false;
  else if (open !== null) choose(store, null);
  else if (query !== '') update({ query: '' });
  else if (blink !== null) update({ blink: null });
  else if (pinned.length > 0) {
    update({ pinned: [] });
    spoken.value = `${plural(pinned.length, 'pin')} cleared. Ctrl-Z brings back what was cleared.`;
  }
}
