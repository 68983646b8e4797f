import cliProgress from 'cli-progress';
import type { ByteProgress, WorkProgress } from '../../base/work-progress.js';
import { onInterrupt } from '../interruption.js';
import { Pace } from './pace.js';
import { byteSize } from './text-report.js';

/**
 * A progress bar on stderr: a live line on a terminal, elsewhere a plain line now and then. Shows nothing in the first
 * second.
 */
export interface ProgressBar {
  /** @param things that this run has done itself, if their rate says something, and `work`: see Pace. */
  update(value: number, total: number, detail: string, things?: number, work?: WorkProgress): void;
  stop(): void;
}

export function progressBar(label: string): ProgressBar {
  const started = performance.now();
  let bar: cliProgress.SingleBar | undefined;
  let release: (() => void) | undefined;
  const pace = new Pace();
  const stop = (): void => {
    if (!bar) return;
    bar.stop();
    bar = undefined;
    release?.();
  };
  return {
    update(value, total, what, things, work) {
      const { rate, left } = pace.words(value / total, things, work);
      const detail = what + rate;
      if (!bar) {
        if (performance.now() - started < 1000) return;
        bar = new cliProgress.SingleBar({
          format: `${label} {bar} {percentage} %  {detail}{left}`,
          stream: process.stderr,
          hideCursor: true,
          clearOnComplete: true,
          barsize: 24,
          barCompleteChar: '\u2588',
          barIncompleteChar: '\u2591',
          noTTYOutput: true,
          notTTYSchedule: 5000,
        });
        bar.start(total, value, { detail, left });
        // A live line hides the cursor. A process that just ends would leave it hidden.
        release = onInterrupt(stop);
      }
      bar.setTotal(total);
      bar.update(value, { detail, left });
    },
    stop,
  };
}

/** Shows how many bytes are read. Time counts from the first report on. */
export class ByteBar {
  readonly #label: string;
  #bar: ProgressBar | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  /** May be called without its object, as `stop`. */
  readonly show = ({ bytes, total }: ByteProgress): void => {
    this.#bar ??= progressBar(this.#label);
    this.#bar.update(bytes, total, `${byteSize(bytes)} of ${byteSize(total)}`);
    if (bytes >= total) this.stop();
  };

  readonly stop = (): void => {
    this.#bar?.stop();
    this.#bar = undefined;
  };
}

/** A remark for the person at the terminal; never part of a result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
