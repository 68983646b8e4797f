import cliProgress from 'cli-progress';

/** A progress bar on stderr: a live line on a terminal, a plain line now and then elsewhere. Nothing under a second. */
export interface ProgressBar {
  /** @param done how many things are done, where their rate says something. */
  update(value: number, total: number, detail: string, done?: number): void;
  stop(): void;
}

export function progressBar(label: string): ProgressBar {
  const started = performance.now();
  let bar: cliProgress.SingleBar | undefined;
  let first: { readonly at: number; readonly done: number; readonly things: number } | undefined;
  return {
    update(value, total, what, things = 0) {
      // Counted from the first step on: what came before it (device, weights) says nothing of the speed.
      first ??= { at: performance.now(), done: value / total, things };
      const detail = what + rate(performance.now() - first.at, things - first.things);
      const left = timeLeft(performance.now() - first.at, value / total - first.done, 1 - value / total);
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
      }
      bar.setTotal(total);
      bar.update(value, { detail, left });
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function rate(milliseconds: number, done: number): string {
  if (done === 0 || milliseconds < 1000) return '';
  const each = (1000 * done) / milliseconds;
  return `, ${each < 10 ? each.toPrecision(2) : Math.round(each)}/s`;
}

/** By the mean speed so far: steps differ too much for a shorter memory. Nothing before there is a speed to speak of. */
function timeLeft(milliseconds: number, done: number, toDo: number): string {
  if (!(done > 0.02 && toDo > 0)) return '';
  const seconds = Math.ceil((milliseconds * toDo) / done / 1000);
  const minutes = Math.round(seconds / 60);
  return `  about ${seconds < 100 ? `${seconds} s` : minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`} left`;
}

/** A remark for the person at the terminal; never part of a result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
