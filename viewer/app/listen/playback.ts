import { effect } from '@preact/signals';
import type { Store } from '../state/store.js';

/** Milliseconds from one picture to the next. */
const FRAME = 100;

/** While the history is played: goes on from decision to decision. */
export function runPlayback({ playing, speed, current, view, update }: Store): () => void {
  return effect(() => {
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
}
