import type { Store } from '../state/store.js';

/**
 * Compares the shown circuit with another one. Null ends the comparison. An open card would dim all but its edges:
 * it closes.
 */
export function compareWith({ update }: Store, name: string | null): void {
  update({ compareWith: name, blink: null, ...(name === null ? {} : { step: null, selected: null }) });
}

/** Shows one circuit of the comparison alone, then the other one. */
export function toggleBlink({ comparison, view, update }: Store): void {
  if (comparison.peek()) update({ blink: view.peek().blink === 'a' ? 'b' : 'a' });
}
