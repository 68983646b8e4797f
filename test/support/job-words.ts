import { jobSize, packJob, type Job, type JobKernel } from '../../src/gpu/kernel.js';

/**
 * The words that a kernel reads from `control`: `jobsAt` words that belong to no job, the jobs, and the lists that jobs
 * name.
 */
export class JobWords<N extends JobKernel> {
  readonly jobsAt: number;
  readonly #kernel: N;
  readonly #listsAt: number;
  readonly #lists: number[] = [];

  constructor(kernel: N, jobs: number, jobsAt = 0) {
    this.#kernel = kernel;
    this.jobsAt = jobsAt;
    this.#listsAt = jobsAt + jobs * jobSize(kernel);
  }

  /** Adds a list. Returns where it will be and its length. */
  list(values: readonly number[]): { readonly at: number; readonly count: number } {
    const at = this.#listsAt + this.#lists.length;
    this.#lists.push(...values);
    return { at, count: values.length };
  }

  /** All words, once every list is known. */
  words(jobs: readonly Job<N>[]): Uint32Array<ArrayBuffer> {
    const before = new Array<number>(this.jobsAt).fill(9999);
    return Uint32Array.from([...before, ...jobs.flatMap((job) => packJob(this.#kernel, job)), ...this.#lists]);
  }
}
