import type { ViewState } from './view-state.js';

/** Views that undo goes back to, the latest last; and those that redo goes on to, the next one first. */
export interface UndoSteps {
  readonly past: readonly ViewState[];
  readonly future: readonly ViewState[];
  /** The view that the last undo or redo led to. Null: there was none since the last step. */
  readonly reached: ViewState | null;
}

export const NO_STEPS: UndoSteps = { past: [], future: [], reached: null };

/** More steps than a person goes back. */
const MOST = 200;

/**
 * Fields whose change alone is no step: the Back button goes back to what was open before, and the blinked circuit and
 * the theme are no part of the picture.
 */
const NO_STEP: readonly (keyof ViewState)[] = ['selected', 'tab', 'blink', 'theme'];

/** The changed fields that make a step, as one text. Empty: the change is no step. */
export function stepFields(before: ViewState, after: ViewState): string {
  const keys = Object.keys(before) as (keyof ViewState)[];
  return keys.filter((key) => before[key] !== after[key] && !NO_STEP.includes(key)).join(' ');
}

/** Fields that a drag, a word that is typed or a replay changes many times. */
const GRADUAL: readonly string[] = ['limit', 'layers', 'query', 'step', 'notes'];

/** Whether a change of these fields may be a part of one step with the last change of the same fields. */
export function isGradual(fields: string): boolean {
  return fields.split(' ').every((field) => GRADUAL.includes(field));
}

/**
 * The steps after a change from `before`. A change that `continues` the last one, as a drag does, is no further step.
 */
export function withStep({ past, reached }: UndoSteps, before: ViewState, continues: boolean): UndoSteps {
  if (continues && past.length > 0 && reached === null) return { past, future: [], reached: null };
  return { past: [...past.slice(1 - MOST), before], future: [], reached: null };
}

/** One step back from the view, or null where there is none. */
export function undone({ past, future }: UndoSteps, view: ViewState): UndoSteps | null {
  const last = past.at(-1);
  if (!last) return null;
  return { past: past.slice(0, -1), future: [view, ...future], reached: restored(last, view) };
}

/** One step forward again, or null where there is none. */
export function redone({ past, future }: UndoSteps, view: ViewState): UndoSteps | null {
  const [next, ...later] = future;
  if (!next) return null;
  return { past: [...past, view], future: later, reached: restored(next, view) };
}

/** A view as it was. What is open stays open, as long as it is in the same file. */
function restored(view: ViewState, now: ViewState): ViewState {
  const kept = { ...view, theme: now.theme, blink: null };
  return view.file === now.file ? { ...kept, selected: now.selected, tab: now.tab } : kept;
}
