/** How fast something goes, by what it reported so far. */
export class Pace {
  readonly #now: () => number;
  #first: { readonly at: number; readonly share: number; readonly things: number } | undefined;

  /** @param now milliseconds, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Rate and remaining time in words; empty words as long as there is too little to go by. Both count from the first
   * step on. What came before (device, weights, an earlier run) says nothing of the speed.
   *
   * @param share of the whole that is done, 0 to 1.
   * @param things that this run has done itself, if their rate says something. Time counts from the first of them on.
   */
  words(share: number, things?: number): { readonly rate: string; readonly left: string } {
    if (!this.#first || things === 0) this.#first = { at: this.#now(), share, things: things ?? 0 };
    const milliseconds = this.#now() - this.#first.at;
    return {
      rate: rate(milliseconds, (things ?? 0) - this.#first.things),
      left: timeLeft(milliseconds, share - this.#first.share, 1 - share),
    };
  }
}

function rate(milliseconds: number, done: number): string {
  if (done === 0 || milliseconds < 1000) return '';
  const each = (1000 * done) / milliseconds;
  return `, ${each < 10 ? each.toPrecision(2) : Math.round(each)}/s`;
}

/** Goes by the mean speed so far: steps differ too much for a shorter memory. */
function timeLeft(milliseconds: number, done: number, toDo: number): string {
  if (!(done > 0.02 && toDo > 0)) return '';
  const seconds = Math.ceil((milliseconds * toDo) / done / 1000);
  const minutes = Math.round(seconds / 60);
  return `  about ${seconds < 100 ? `${seconds} s` : minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`} left`;
}
