import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { NO_STEPS, type UndoSteps } from '../../view/undo-steps.js';
import { DEFAULT_VIEW, type ViewState } from '../../view/view-state.js';

export type View = ReturnType<typeof createView>;

export function createView() {
  /** What the reader sees and has chosen. */
  const view = signal<ViewState>(DEFAULT_VIEW);

  /** One signal for each field of the view. It changes only when its field does. */
  const viewField = Object.fromEntries(
    Object.keys(DEFAULT_VIEW).map((key) => [key, computed(() => view.value[key as keyof ViewState])]),
  ) as { readonly [K in keyof ViewState]: ReadonlySignal<ViewState[K]> };

  /** Changes some fields of the view. The other fields keep their identity. */
  function update(patch: Partial<ViewState>): void {
    view.value = { ...view.peek(), ...patch };
  }

  /** The whole view. The caller is run again only when one of the named fields changes. */
  function viewOf(...keys: readonly (keyof ViewState)[]): ViewState {
    for (const key of keys) void viewField[key].value;
    return view.peek();
  }

  /** What undo and redo lead to. */
  const undoSteps = signal<UndoSteps>(NO_STEPS);

  return { view, viewField, update, viewOf, undoSteps };
}
