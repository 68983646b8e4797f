import { stepOf } from '../../view/replay.js';
import type { Store } from '../state/store.js';

/** Decisions per second. */
export const SPEEDS = [1, 10, 50, 250, 1000] as const;

/** Pauses, or plays from the step that is shown. At the end it plays from the start. */
export function togglePlay({ current, view, playing, update }: Store): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  if (!playing.peek() && (view.peek().step ?? length) >= length) update({ step: 0 });
  playing.value = !playing.peek();
  // An open card would keep all but its edges dim.
  if (playing.peek()) update({ selected: null });
}

export function stepBy({ current, view, playing, update }: Store, steps: number): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  playing.value = false;
  update({ step: Math.max(0, Math.min(length, (view.peek().step ?? length) + steps)) });
}

/** Replays the history up to and including the decision on an edge. */
export function jumpToDecision({ current, update }: Store, edge: string): void {
  const step = stepOf(current.peek()?.trace ?? [], edge);
  if (step !== null) update({ step, tab: 'history', compareWith: null, blink: null });
}

export function endReplay({ playing, update }: Store): void {
  playing.value = false;
  update({ step: null });
}
