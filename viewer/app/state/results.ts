import { computed, signal } from '@preact/signals';
import type { InstrumentFile } from '../../../src/files/index.js';

/** A result of another instrument than a search: a trace, a knockout and so on. */
export interface OpenResult {
  readonly name: string;
  readonly file: InstrumentFile;
}

export type Results = ReturnType<typeof createResults>;

/** The open results of instruments. They have no place in the drawing: the panel shows one of them. */
export function createResults() {
  const results = signal<readonly OpenResult[]>([]);
  /** Name of the one that is shown; null: the first. */
  const chosenResult = signal<string | null>(null);
  const shownResult = computed(
    () => results.value.find(({ name }) => name === chosenResult.value) ?? results.value[0] ?? null,
  );
  return { results, chosenResult, shownResult };
}
