import cliProgress from 'cli-progress';

/** A progress bar on stderr: a live line on a terminal, a plain line now and then elsewhere. Nothing under a second. */
export interface ProgressBar {
  update(value: number, total: number, detail: string): void;
  stop(): void;
}

export function progressBar(label: string): ProgressBar {
  const started = performance.now();
  let bar: cliProgress.SingleBar | undefined;
  return {
    update(value, total, detail) {
      if (!bar) {
        if (performance.now() - started < 1000) return;
        bar = new cliProgress.SingleBar({
          format: `${label} {bar} {percentage} %  {detail}  {eta_formatted} left`,
          stream: process.stderr,
          hideCursor: true,
          clearOnComplete: true,
          barsize: 24,
          barCompleteChar: '\u2588',
          barIncompleteChar: '\u2591',
          etaBuffer: 50,
          noTTYOutput: true,
          notTTYSchedule: 5000,
        });
        bar.start(total, value, { detail });
      }
      bar.setTotal(total);
      bar.update(value, { detail });
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

/** A remark for the person at the terminal; never part of a result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
