import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { receivedError, type Answer, type Opened, type Question, type Sent, type WorkerStart } from './messages.js';
import { createWatch, watchedText } from './shared-watch.js';

/** What a tokenizer may take. */
export interface ReadingLimits {
  /** Seconds for one text. Usual ones take less than a thousandth. */
  readonly text: number;
  /** Seconds until the tokenizer is made of its files. The largest take three. */
  readonly open: number;
  /** MiB of memory. */
  readonly memory: number;
}

/** The memory is what this process may take itself. */
export const LIMITS: ReadingLimits = {
  text: 5,
  open: 60,
  memory: Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20),
};

/** Seconds between looks at the worker. A suspended process does not look, so that its sleep counts for nothing. */
const TICK = 0.1;

/** Tests run the sources, of which a worker can load none. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/node/reading/reading-worker.js' : './reading-worker.js',
  import.meta.url,
);

/** A worker that reads tasks, and is ended where it takes more than it may. It holds no process up. */
export class LimitedWorker {
  readonly #worker: Worker;
  readonly #watch = createWatch();
  readonly #limits: ReadingLimits;
  readonly #tokenizer: string;
  #ended = false;

  /** @param tokenizer the tokenizer's file, for messages. */
  constructor(start: Omit<WorkerStart, 'watch'>, tokenizer: string, limits: ReadingLimits) {
    this.#limits = limits;
    this.#tokenizer = tokenizer;
    this.#worker = new Worker(PROGRAM, {
      workerData: { ...start, watch: this.#watch } satisfies WorkerStart,
      transferList: [...start.files.values()].map(({ buffer }) => buffer as ArrayBuffer),
      resourceLimits: { maxOldGenerationSizeMb: limits.memory },
    });
    this.#worker.on('error', () => (this.#ended = true));
    this.#worker.unref();
  }

  /** Whether it takes no further question. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * What the worker says first.
   *
   * @throws EdgewiseError of kind config where the tokenizer takes too long or too much memory.
   */
  opened(): Promise<Opened> {
    return this.#answer('config', '', this.#limits.open);
  }

  /**
   * What the worker answers. One question at a time.
   *
   * @throws EdgewiseError of kind task where a text takes too long or too much memory; and what the worker throws.
   */
  ask<T extends Sent>(question: Question): Promise<T> {
    this.#worker.postMessage(question);
    return this.#answer('task', `${question.file.source}: `, Infinity);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  async #answer<T extends Sent>(kind: 'config' | 'task', source: string, limit: number): Promise<T> {
    const fault = (what: string): EdgewiseError => new EdgewiseError(kind, `${source}${this.#tokenizer}`, what);
    const listening = new AbortController();
    try {
      const answer = await new Promise<Answer<T>>((resolve, reject) => {
        const look = this.#look(limit, (what) => reject(fault(what)));
        const timer = setInterval(look, TICK * 1000);
        listening.signal.addEventListener('abort', () => clearInterval(timer));
        this.#listen('message', (value) => resolve(value as Answer<T>), listening.signal);
        this.#listen('error', (error) => reject(this.#outOfMemory(error, fault)), listening.signal);
      });
      if ('error' in answer) throw receivedError(answer.error);
      return answer.value;
    } catch (error) {
      if (error instanceof EdgewiseError && this.#ended) await this.#worker.terminate();
      throw error;
    } finally {
      listening.abort();
    }
  }

  #listen(event: string, listener: (value: unknown) => void, signal: AbortSignal): void {
    this.#worker.on(event, listener);
    signal.addEventListener('abort', () => this.#worker.off(event, listener));
  }

  /** Looks at the worker again and again, and gives it up in time. */
  #look(limit: number, giveUp: (what: string) => void): () => void {
    let serial = -1;
    let atText = 0;
    let inAll = 0;
    return () => {
      const text = watchedText(this.#watch);
      inAll += TICK;
      atText = text?.serial === serial ? atText + TICK : 0;
      serial = text?.serial ?? -1;
      const { text: most } = this.#limits;
      if (atText > most) {
        this.#ended = true;
        const way = 'leave out or shorten the text, or mend the expressions in the file';
        giveUp(`the text ${quote(text?.head)} takes more than ${most} s to cut into tokens; ${way}`);
      } else if (inAll > limit) {
        this.#ended = true;
        giveUp(`takes more than ${limit} s to be read, expected a tokenizer that can be read; give the task in ids`);
      }
    };
  }

  #outOfMemory(error: unknown, fault: (what: string) => EdgewiseError): Error {
    if (!(error instanceof Error)) return new Error(String(error));
    if (!('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY')) return error;
    const text = watchedText(this.#watch);
    const at = text === null ? '' : ` at the text ${quote(text.head)}`;
    return fault(`takes more than ${this.#limits.memory} MiB of memory${at}; take a shorter text, or fewer --prompts`);
  }
}
