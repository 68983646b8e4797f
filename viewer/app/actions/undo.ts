import { batch } from '@preact/signals';
import { redone, undone } from '../../view/undo-steps.js';
import type { Store } from '../state/store.js';

/** Goes one step of the view back (-1) or forward again (1), and says so. */
export function moveInSteps({ view, undoSteps, spoken }: Store, by: -1 | 1): void {
  const steps = (by < 0 ? undone : redone)(undoSteps.peek(), view.peek());
  const { reached } = steps ?? {};
  if (!steps || !reached) {
    spoken.value = by < 0 ? 'Nothing to undo.' : 'Nothing to redo.';
    return;
  }
  batch(() => {
    undoSteps.value = steps;
    view.value = reached;
    spoken.value = by < 0 ? 'Undone.' : 'Redone.';
  });
}
