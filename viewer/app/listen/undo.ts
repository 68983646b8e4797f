import { effect } from '@preact/signals';
import { isGradual, stepFields, withStep } from '../../view/undo-steps.js';
import type { Store } from '../state/store.js';

/** Milliseconds within which changes of the same fields are one step: a drag, a word that is typed, a replay. */
const ONE_STEP = 700;

/** Keeps the steps that undo goes back. Nothing is a step before a circuit is shown. */
export function recordSteps({ view, undoSteps }: Store): () => void {
  let before = view.peek();
  let last = { fields: '', at: 0 };
  return effect(() => {
    const now = view.value;
    const fields = stepFields(before, now);
    const isStep = fields !== '' && before.file !== null && undoSteps.peek().reached !== now;
    if (isStep) {
      const at = performance.now();
      const continues = isGradual(fields) && fields === last.fields && at - last.at < ONE_STEP;
      undoSteps.value = withStep(undoSteps.peek(), before, continues);
      last = { fields, at };
    }
    before = now;
  });
}
