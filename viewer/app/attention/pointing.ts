import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { stepTo } from '../../attention/steps.js';
import type { Cell } from '../../attention/words.js';

/** A cell of one head's pattern. */
export interface PointedAt {
  readonly head: string;
  readonly cell: Cell | null;
}

/** What the pointer or the keyboard is on, in all patterns of a panel at once. A held cell stays until it is let go. */
export interface Pointing {
  readonly pointed: Signal<PointedAt | null>;
  readonly held: Signal<PointedAt | null>;
  /** The head that was last on. */
  readonly head: ReadonlySignal<string | null>;
  readonly cell: ReadonlySignal<Cell | null>;
}

export function usePointing(): Pointing {
  return useMemo(() => {
    const pointed = signal<PointedAt | null>(null);
    const held = signal<PointedAt | null>(null);
    const now = computed(() => held.value ?? pointed.value);
    return {
      pointed,
      held,
      head: computed(() => now.value?.head ?? null),
      cell: computed(() => now.value?.cell ?? null),
    };
  }, []);
}

/** Handlers for the pattern of one head. */
export function handlersOf(
  { pointed, held, cell }: Pointing,
  head: string,
  rows: readonly number[],
  tokens: number,
): {
  onPoint: (at: Cell | null) => void;
  onHold: (at: Cell | null) => void;
  onKey: (event: KeyboardEvent) => void;
} {
  const hold = (at: Cell | null): void => {
    held.value = held.peek() || !at ? null : { head, cell: at };
  };
  return {
    onPoint: (at) => (pointed.value = { head, cell: at }),
    onHold: hold,
    onKey: (event) => {
      const step = stepTo(cell.peek(), event.key, rows, tokens);
      if (step) {
        if (held.peek()) held.value = { head, cell: step };
        else pointed.value = { head, cell: step };
      } else if (event.key === 'Enter' || event.key === ' ') hold(cell.peek());
      else if (event.key === 'Escape' && held.peek()) held.value = null;
      else if (event.key === 'Escape' && cell.peek()) pointed.value = { head, cell: null };
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
