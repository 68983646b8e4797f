import { effect, signal } from '@preact/signals';
import { stepOf } from '../../view/replay.js';
import { current } from '../state/circuits.js';
import { update, view } from '../state/view.js';

/** Milliseconds from one picture to the next. */
const FRAME = 100;
/** Decisions per second. */
export const SPEEDS = [1, 10, 50, 250, 1000] as const;

export const playing = signal(false);
export const speed = signal<number>(50);

effect(() => {
  if (!playing.value) return;
  const rate = speed.value;
  const document = current.peek();
  let exact: number | null = null;
  let last = performance.now();
  const timer = setInterval(() => {
    const trace = document?.trace;
    if (!trace || current.peek() !== document || view.peek().compareWith !== null) {
      playing.value = false;
      return;
    }
    const at = view.peek().step ?? 0;
    const now = performance.now();
    // A fraction of a decision is kept for the next frame. When the reader jumps to another step, it goes on from
    // there.
    exact = (exact !== null && Math.floor(exact) === at ? exact : at) + (rate * (now - last)) / 1000;
    last = now;
    const step = Math.min(trace.length, Math.floor(exact));
    if (step !== at) update({ step });
    if (step >= trace.length) playing.value = false;
  }, FRAME);
  return () => clearInterval(timer);
});

/** Pauses, or plays from the step that is shown. At the end it plays from the start. */
export function togglePlay(): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  if (!playing.peek() && (view.peek().step ?? length) >= length) update({ step: 0 });
  playing.value = !playing.peek();
  // An open card would keep all but its edges dim.
  if (playing.peek()) update({ selected: null });
}

export function stepBy(steps: number): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  playing.value = false;
  update({ step: Math.max(0, Math.min(length, (view.peek().step ?? length) + steps)) });
}

/** Replays the history up to and including the decision on an edge. */
export function jumpToDecision(edge: string): void {
  const step = stepOf(current.peek()?.trace ?? [], edge);
  if (step !== null) update({ step, tab: 'history', compareWith: null, blink: null });
}

export function endReplay(): void {
  playing.value = false;
  update({ step: null });
}
