import { EdgewiseError } from '../base/errors.js';

/** Tells of the use of something whose memory on the device is given back already. */
export class Lifetime {
  readonly #what: string;
  readonly #ended: string;
  #over = false;

  /** @param what names the thing, @param ended says what happened to it and what to do: `was closed; open it again`. */
  constructor(what: string, ended: string) {
    this.#what = what;
    this.#ended = ended;
  }

  /** Ends it. Returns whether it was over before. */
  end(): boolean {
    const before = this.#over;
    this.#over = true;
    return before;
  }

  /** @throws EdgewiseError of kind usage where it is over. */
  assert(): void {
    if (this.#over) throw this.#error();
  }

  /**
   * Runs `use`. Where the thing is over by the time that `use` fails, that is the reason.
   *
   * @throws EdgewiseError of kind usage where it is over.
   */
  async during<T>(use: () => Promise<T>): Promise<T> {
    this.assert();
    try {
      return await use();
    } catch (error) {
      throw this.#over ? this.#error(error) : error;
    }
  }

  #error(cause?: unknown): EdgewiseError {
    return new EdgewiseError('usage', this.#what, this.#ended, { cause });
  }
}
