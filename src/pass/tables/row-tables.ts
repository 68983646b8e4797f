import { REACH, type Reach } from '../../circuit/reachability.js';
import type { RowsOf } from '../../gpu/product/matmul.js';
import type { RowLists } from '../row-lists.js';
import type { JobWriter } from './job-writer.js';

const NAMES = ['every', 'differing', 'metric', 'logits'] as const satisfies readonly (keyof RowLists)[];

/** The row lists of a pass among its words. They stay where they are until others come. */
export class RowTables {
  readonly #at: Readonly<Record<keyof RowLists, number>>;
  readonly #sequence: number;
  readonly #counts: Record<keyof RowLists, number> = { every: 0, differing: 0, metric: 0, logits: 0 };
  /** Query-key pairs of the rows of each list. */
  readonly #pairs: Record<keyof RowLists, number> = { every: 0, differing: 0, metric: 0, logits: 0 };
  #lists: RowLists | null = null;

  /** @param at first word of each list; @param sequence positions of a prompt. */
  constructor(at: Readonly<Record<keyof RowLists, number>>, sequence: number) {
    this.#at = at;
    this.#sequence = sequence;
  }

  /** Writes the lists, unless they are there. */
  take(writer: JobWriter, lists: RowLists): void {
    if (lists === this.#lists) return;
    this.#lists = lists;
    for (const name of NAMES) {
      writer.set(this.#at[name], lists[name]);
      this.#counts[name] = lists[name].length;
      this.#pairs[name] = lists[name].reduce((sum, row) => sum + (row % this.#sequence) + 1, 0);
    }
  }

  /** Rows at which a node of this reach is computed. */
  of(reach: Reach): RowsOf {
    return this.list(listOf(reach));
  }

  list(name: keyof RowLists): RowsOf {
    return { count: this.#counts[name], at: this.#at[name] };
  }

  /** Query-key pairs of those rows. */
  pairsOf(reach: Reach): number {
    return this.#pairs[listOf(reach)];
  }
}

function listOf(reach: Reach): keyof RowLists {
  return reach === REACH.metric ? 'metric' : reach === REACH.differing ? 'differing' : 'every';
}
