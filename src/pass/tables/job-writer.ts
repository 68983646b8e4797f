import { jobFields, type Job, type JobKernel } from '../../gpu/kernel.js';
import type { ChunkColumns } from '../../gpu/product/matrix.js';
import { wholeJob, type MatmulJob, type RowsOf, type WholeJob } from '../../gpu/product/matmul.js';
import { productWork, type Work, type WorkKind } from '../../gpu/work.js';
import type { JobTable } from './table-layout.js';

/** Some of the words. */
export interface WordRange {
  readonly at: number;
  readonly count: number;
}

/** Words between two changes that are sent along rather than begin another range. */
const GAP = 16;

/**
 * Writes jobs and lists into the words of a pass, adds up what the jobs cost, and knows which words changed. Equal lists
 * are written once, and stay where they are as long as there is room: what a pass has in common with the one before is
 * not sent again.
 */
export class JobWriter {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #listsAt: number;
  /** Lists by the hash of what they hold. */
  readonly #lists = new Map<number, RowsOf[]>();
  #used: number;
  readonly #work = new Map<WorkKind, Work>();
  /** First word of each changed range, and the word after it. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** @param listsAt first word of the lists; @param words number of words in all. */
  constructor(listsAt: number, words: number) {
    this.words = new Uint32Array(words);
    this.#listsAt = listsAt;
    this.#used = listsAt;
  }

  /** What the jobs since `restart` cost, by their kind. */
  get work(): readonly Work[] {
    return [...this.#work.values()];
  }

  /**
   * Begins another pass: forgets all costs.
   *
   * @param room words that its lists take at most. Where they may not fit beside those that are there, these go.
   */
  restart(room: number): void {
    if (this.#used + room > this.words.length) {
      this.#used = this.#listsAt;
      this.#lists.clear();
    }
    this.#work.clear();
  }

  /** The ranges of words that changed since the last call. */
  takeChanges(): WordRange[] {
    const ranges = this.#starts.map((at, i) => ({ at, count: this.#ends[i]! - at }));
    this.#starts.length = 0;
    this.#ends.length = 0;
    return ranges;
  }

  /** Counts all words as changed: nobody knows what has reached the device. */
  changeAll(): void {
    this.#starts.splice(0, this.#starts.length, 0);
    this.#ends.splice(0, this.#ends.length, this.words.length);
  }

  add({ kind, flops, bytes }: Work): void {
    const before = this.#work.get(kind);
    this.#work.set(kind, { kind, flops: (before?.flops ?? 0) + flops, bytes: (before?.bytes ?? 0) + bytes });
  }

  /** Writes a list, unless an equal one is there. Returns its place and length. */
  list(values: ArrayLike<number>): RowsOf {
    const count = values.length;
    let hash = count;
    for (let i = 0; i < count; i++) hash = Math.imul(hash ^ values[i]!, 16777619);
    const alike = this.#lists.get(hash);
    const known = alike?.find((list) => list.count === count && this.#holds(list.at, values));
    if (known) return known;
    const list = { at: this.#used, count };
    for (let i = 0; i < count; i++) this.#put(list.at + i, values[i]!);
    this.#used += count;
    if (alike) alike.push(list);
    else this.#lists.set(hash, [list]);
    return list;
  }

  /** Writes words to a fixed place. */
  set(at: number, values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) this.#put(at + i, values[i]!);
  }

  /** Empties a table. */
  begin(table: JobTable): void {
    table.count = 0;
    table.rows = 0;
  }

  /** Adds a job to a table. @param rows of the job. */
  job<N extends JobKernel>(table: JobTable, name: N, job: Job<N>, rows: number): void {
    const fields = jobFields(name);
    const at = table.jobsAt + table.count * fields.length;
    for (let i = 0; i < fields.length; i++) this.#put(at + i, job[fields[i]!]);
    table.count++;
    if (rows > table.rows) table.rows = rows;
  }

  /** Adds a job of a product. */
  product(table: JobTable, { a, weight, bias, out, firstColumn4, endColumn4, rows }: MatmulJob): void {
    const columns = { first: firstColumn4, end: endColumn4 };
    this.job(table, 'matmul', { a, weight, bias, out, ...columns, rows: rows.count, rows_at: rows.at }, rows.count);
  }

  /** Replaces the jobs of a product with all columns of a matrix, chunk by chunk. Counts their cost. */
  writeProduct(
    tables: readonly JobTable[],
    chunks: readonly ChunkColumns[],
    inner4: number,
    jobs: readonly WholeJob[],
  ): void {
    chunks.forEach((chunk, i) => {
      const table = tables[i]!;
      this.begin(table);
      for (const job of jobs) {
        this.add(productWork(job.rows.count, 4 * inner4, 4 * chunk.columns4));
        this.product(table, wholeJob(chunk, job));
      }
    });
  }

  #holds(at: number, values: ArrayLike<number>): boolean {
    for (let i = 0; i < values.length; i++) if (this.words[at + i] !== values[i]) return false;
    return true;
  }

  #put(at: number, value: number): void {
    const word = value >>> 0;
    if (this.words[at] === word) return;
    this.words[at] = word;
    const last = this.#ends.length - 1;
    if (last >= 0 && at >= this.#starts[last]! && at < this.#ends[last]! + GAP) {
      if (at >= this.#ends[last]!) this.#ends[last] = at + 1;
    } else {
      this.#starts.push(at);
      this.#ends.push(at + 1);
    }
  }
}
