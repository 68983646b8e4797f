import { constants } from 'node:os';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../report/text-report.js';
import { note, progressBar, type ProgressBar } from '../report/progress.js';
import type { SearchJournal } from './search-journal.js';

/** How many tests a run has made. */
export type Made = (tests: number) => void;

/**
 * Runs something that keeps a journal, with its progress; when it is interrupted, how to go on is told.
 *
 * @param use tells how many tests it has made so far, those of the journal included.
 */
export async function withJournal<T>(
  label: string,
  journal: SearchJournal,
  use: (bar: ProgressBar, made: Made) => Promise<T>,
): Promise<T> {
  const bar = progressBar(label);
  let made = journal.earlier.length;
  if (made > 0) note(`going on after ${counted(made, 'test')} of the interrupted run`);
  const tell = (what: string): void => {
    if (made > 0) note(`${what} after ${counted(made, 'test')}: the same command with --resume goes on from there`);
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    bar.stop();
    journal.close();
    tell('interrupted');
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    return await use(bar, (tests) => {
      made = tests;
    });
  } catch (error) {
    bar.stop();
    // A lost device, say; the error itself is told after this. A mistake would only be made again.
    if (!(error instanceof EdgewiseError && error.kind === 'usage')) tell('stopped');
    throw error;
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    bar.stop();
    journal.close();
  }
}
