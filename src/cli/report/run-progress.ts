import type { RunProgress } from '../../run/aids.js';
import { progressBar, type ProgressBar } from './progress.js';

/** Shows how far a run is: one bar for each of its parts, one part after the other. */
export class RunBars {
  #part: string | undefined;
  #bar: ProgressBar | undefined;

  /** May be called without its object. */
  readonly show = ({ part, done, total, unit, measured, work, search }: RunProgress): void => {
    if (part !== this.#part) {
      this.stop();
      this.#part = part;
      this.#bar = progressBar(part);
    }
    const detail = search ? `${search.tested} tested, ${search.kept} kept` : `${done} of ${total}`;
    // Passes differ too much in length for a rate.
    if (unit === 'passes') this.#bar?.update(done, total, `${detail} passes`, undefined, work);
    else this.#bar?.update(done, total, detail, measured, work);
    if (done >= total) this.stop();
  };

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#part = undefined;
  }
}
