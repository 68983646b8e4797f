import type { ChunkColumns } from '../../gpu/product/matrix.js';
import { wholeJobs, type RowsOf, type WholeJob } from '../../gpu/product/matmul.js';
import { productWork, type Work, type WorkKind } from '../../gpu/work.js';
import type { JobTable } from './table-layout.js';

/** The words of one job, and its number of rows. */
export interface TableJob {
  readonly words: readonly number[];
  readonly rows: number;
}

/** Writes jobs and lists into the words of a pass, and adds up what the jobs cost. */
export class JobWriter {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #listsAt: number;
  #used: number;
  readonly #work = new Map<WorkKind, Work>();

  /** @param listsAt first word of the lists; @param words number of words in all. */
  constructor(listsAt: number, words: number) {
    this.words = new Uint32Array(words);
    this.#listsAt = listsAt;
    this.#used = listsAt;
  }

  /** The words in use: all tables, and the lists that were written since `restart`. */
  get written(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(0, this.#used);
  }

  /** What the jobs since `restart` cost, by their kind. */
  get work(): readonly Work[] {
    return [...this.#work.values()];
  }

  /** Forgets all lists and costs. */
  restart(): void {
    this.#used = this.#listsAt;
    this.#work.clear();
  }

  add({ kind, flops, bytes }: Work): void {
    const before = this.#work.get(kind);
    this.#work.set(kind, { kind, flops: (before?.flops ?? 0) + flops, bytes: (before?.bytes ?? 0) + bytes });
  }

  /** Writes a list after all others. Returns its place and length. */
  list(values: readonly number[]): RowsOf {
    const at = this.#used;
    this.words.set(values, at);
    this.#used += values.length;
    return { at, count: values.length };
  }

  /** Replaces the jobs of a table. */
  write(table: JobTable, jobs: readonly TableJob[]): void {
    let at = table.jobsAt;
    table.rows = 0;
    for (const { words, rows } of jobs) {
      this.words.set(words, at);
      at += words.length;
      table.rows = Math.max(table.rows, rows);
    }
    table.count = jobs.length;
  }

  /** Replaces the jobs of a product with all columns of a matrix, chunk by chunk. Counts their cost. */
  writeProduct(
    tables: readonly JobTable[],
    chunks: readonly ChunkColumns[],
    inner4: number,
    jobs: readonly WholeJob[],
  ): void {
    chunks.forEach((chunk, i) => {
      for (const { rows } of jobs) this.add(productWork(rows.count, 4 * inner4, 4 * chunk.columns4));
      const words = wholeJobs(chunk, jobs);
      this.write(
        tables[i]!,
        jobs.map(({ rows }, j) => ({ words: words[j]!, rows: rows.count })),
      );
    });
  }
}
