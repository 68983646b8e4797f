/** What the host does for a run. `record` fills tables and lists commands; `other` decides, binds and adds up. */
export const HOST_CAUSES = ['record', 'upload', 'encode', 'submit', 'read', 'other'] as const;
export type HostCause = (typeof HOST_CAUSES)[number];

/** Seconds of the host, by cause, and seconds in which it had nothing to do but wait for the device. */
export class HostTimes {
  readonly seconds: Record<HostCause, number> = { record: 0, upload: 0, encode: 0, submit: 0, read: 0, other: 0 };
  waiting = 0;
  /** Times that something was waited for. */
  waits = 0;
  /** Causes of the work at hand, the innermost last: a second belongs to that alone. */
  readonly #open: HostCause[] = [];
  #pending = 0;
  #since: number;
  readonly #now: () => number;

  /** @param now seconds of a clock. */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now;
    this.#since = now();
  }

  begin(cause: HostCause): void {
    this.#turn();
    this.#open.push(cause);
  }

  end(): void {
    this.#turn();
    this.#open.pop();
  }

  during<T>(cause: HostCause, work: () => T): T {
    this.begin(cause);
    try {
      return work();
    } finally {
      this.end();
    }
  }

  /** Gives the time since the last event to a cause. */
  spent(cause: HostCause): void {
    this.#open.push(cause);
    this.end();
  }

  /** Waits for something of the device. */
  async wait<T>(pending: Promise<T>): Promise<T> {
    this.#turn();
    this.#pending++;
    this.waits++;
    try {
      return await pending;
    } finally {
      this.#turn();
      this.#pending--;
    }
  }

  /** Gives the time since the last event to what went on then. */
  #turn(): void {
    const now = this.#now();
    const passed = now - this.#since;
    this.#since = now;
    const cause = this.#open.at(-1);
    if (cause !== undefined) this.seconds[cause] += passed;
    else if (this.#pending > 0) this.waiting += passed;
    else this.seconds.other += passed;
  }

  /** Ends the account: what passed since the last event belongs to it. */
  finish(): void {
    this.#turn();
  }
}
