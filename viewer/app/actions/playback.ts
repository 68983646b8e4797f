import { effect, signal } from '@preact/signals';
import { current, update, view } from '../state/store.js';

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
    // Fractions of a decision are carried on; a jump of the reader's is where it goes on from.
    exact = (exact !== null && Math.floor(exact) === at ? exact : at) + (rate * (now - last)) / 1000;
    last = now;
    const step = Math.min(trace.length, Math.floor(exact));
    if (step !== at) update({ step });
    if (step >= trace.length) playing.value = false;
  }, FRAME);
  return () => clearInterval(timer);
});

/** Plays from where it stands, or from the start where it is at the end; or pauses. */
export function togglePlay(): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  if (!playing.peek() && (view.peek().step ?? length) >= length) update({ step: 0 });
  playing.value = !playing.peek();
  if (playing.peek()) update({ selected: null }); // whose card would keep all but its edges dim
}

export function stepBy(steps: number): void {
  const length = current.peek()?.trace?.length;
  if (length === undefined) return;
  playing.value = false;
  update({ step: Math.max(0, Math.min(length, (view.peek().step ?? length) + steps)) });
}
