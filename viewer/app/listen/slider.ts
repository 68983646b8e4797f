import { effect } from '@preact/signals';
import { AT_ONCE } from '../state/edges.js';
import type { Store } from '../state/store.js';

/** Milliseconds without a move after which the slider rests. */
const REST = 300;

/** Notices when the slider rests on a selection that is too large to be drawn at each of its moves. */
export function followSlider({ selection, rested }: Store): () => void {
  return effect(() => {
    const all = selection.value;
    if (all.edges.length <= AT_ONCE) return undefined;
    const timer = setTimeout(() => (rested.value = all), REST);
    return () => clearTimeout(timer);
  });
}
