import type { WorkProgress } from '../../base/work-progress.js';

/** Nothing is said of the time left before this, in milliseconds: how fast it goes is not known yet. */
const SETTLED = 2000;
/** Nor before so much of the work is done. */
const LEAST_SHARE = 0.04;
/**
 * While the whole work is thought to be less and less, to below this share of it in the last third of the time, more
 * of it will go. What is said then is a bound.
 */
const STEADY = 0.7;
/** A bound is so many times the estimate. */
const MARGIN = 2;
/** An estimate of the work left holds for this long, and for so many times as long as it took. */
const HOLDS = { milliseconds: 500, times: 20 } as const;

/** How fast something goes, by what it reported so far. */
export class Pace {
  readonly #now: () => number;
  #first: { readonly at: number; readonly share: number; readonly things: number; readonly work: number } | undefined;
  /** What the whole work was thought to be, by the time since the first step. */
  readonly #wholes: { readonly milliseconds: number; readonly work: number }[] = [];
  #estimate: { readonly until: number; readonly end: number | undefined; readonly falling: boolean } | undefined;

  /** @param now milliseconds, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Rate and remaining time in words; empty words as long as there is too little to go by. Both count from the first
   * step on. What came before (device, weights, pipelines, an earlier run) says nothing of the speed.
   *
   * @param share of the whole that is done, 0 to 1.
   * @param things that this run has done itself, if their rate says something. Time counts from the first of them on.
   * @param work where parts of the whole take differently long.
   */
  words(share: number, things?: number, work?: WorkProgress): { readonly rate: string; readonly left: string } {
    if (!this.#first || things === 0) {
      this.#first = { at: this.#now(), share, things: things ?? 0, work: work?.done ?? 0 };
    }
    const milliseconds = this.#now() - this.#first.at;
    const left = work
      ? this.#byWork(milliseconds, work)
      : words('about', byShare(milliseconds, share - this.#first.share, share < 1 ? 1 - share : 0));
    return { rate: rate(milliseconds, (things ?? 0) - this.#first.things), left };
  }

  /** The time left in words, by the mean speed so far. Between two estimates time goes on. */
  #byWork(milliseconds: number, { done, left }: WorkProgress): string {
    const now = this.#now();
    if (!this.#estimate || now >= this.#estimate.until) {
      const rest = left();
      const took = this.#now() - now;
      const speed = (done - this.#first!.work) / milliseconds;
      const known = rest !== undefined && rest > 0 && done >= LEAST_SHARE * (done + rest) && speed > 0;
      this.#estimate = {
        until: now + Math.max(HOLDS.milliseconds, HOLDS.times * took),
        end: known ? now + rest / speed : undefined,
        falling: rest !== undefined && this.#falls(milliseconds, done + rest),
      };
    }
    const { end, falling } = this.#estimate;
    if (end === undefined || milliseconds < SETTLED) return '';
    const rest = Math.max(1, end - now);
    return falling ? words('less than', MARGIN * rest) : words('about', rest);
  }

  /** Whether the whole work is thought to be much less than a while before. @param work what it is thought to be. */
  #falls(milliseconds: number, work: number): boolean {
    const before = this.#wholes.findLast((whole) => whole.milliseconds <= (2 / 3) * milliseconds);
    this.#wholes.push({ milliseconds, work });
    return !(work >= STEADY * (before?.work ?? Infinity));
  }
}

function byShare(milliseconds: number, done: number, toDo: number): number | undefined {
  return done > 0.02 && toDo > 0 ? (milliseconds * toDo) / done : undefined;
}

function rate(milliseconds: number, done: number): string {
  if (!(done > 0 && milliseconds >= 1000)) return '';
  const each = (1000 * done) / milliseconds;
  return `, ${each < 10 ? each.toPrecision(2) : Math.round(each)}/s`;
}

function words(how: 'about' | 'less than', milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return '';
  const whole = how === 'about' ? Math.round : Math.ceil;
  const seconds = Math.ceil(milliseconds / 1000);
  const minutes = whole(seconds / 60);
  return `  ${how} ${seconds < 100 ? `${seconds} s` : minutes < 100 ? `${minutes} min` : `${whole(minutes / 60)} h`} left`;
}
