import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Whether this process began on a terminal. Once that was closed, it cannot be asked any more. */
const ON_TERMINAL = [0, 1, 2, 3].some((file) => isatty(file));

/**
 * Ends the process as shells tell of a signal: with 128 and its number. Where the terminal was closed Node would abort
 * on its way out; there the signal itself ends the process, which is the same to a shell.
 */
export function endBySignal(signal: NodeJS.Signals): void {
  if (signal === 'SIGHUP' && ON_TERMINAL) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  process.exit(128 + constants.signals[signal]);
}
