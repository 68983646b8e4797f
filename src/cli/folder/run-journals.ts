import { constants } from 'node:os';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { Topology } from '../../circuit/topology.js';
import type { JournalRequest, RunJournal } from '../../run/aids.js';
import { note } from '../report/progress.js';
import { counted } from '../report/text-report.js';
import { journalFile, openJournal } from './search-journal.js';

export interface JournalSetting {
  readonly folder: string;
  readonly topology: Topology;
  /** Takes over what an earlier run left. Otherwise it is replaced. */
  readonly resume: boolean;
  /** Is called before anything is said on stderr. */
  readonly quiet: () => void;
}

/**
 * Runs `use`, which keeps journals in a folder. If `use` is interrupted or fails, a note on stderr says how to go on.
 *
 * @param use gets what opens a journal.
 */
export async function withJournals<T>(
  { folder, topology, resume, quiet }: JournalSetting,
  use: (open: (request: JournalRequest) => Promise<RunJournal>) => Promise<T>,
): Promise<T> {
  /** Tests in the journal that was opened last, whether measured by this run or an earlier one. */
  let tests = 0;
  const tell = (what: string): void => {
    quiet();
    if (tests > 0) note(`${what} after ${counted(tests, 'test')}: the same command with --resume goes on from there`);
  };
  const open = async ({ name, key }: JournalRequest): Promise<RunJournal> => {
    const journal = await openJournal(join(folder, journalFile(name)), key, topology, resume);
    tests = journal.earlier.length;
    if (tests > 0) note(`going on after ${counted(tests, 'test')} of the interrupted run`);
    const interrupted = (signal: NodeJS.Signals): void => {
      journal.close();
      tell('interrupted');
      process.exit(128 + constants.signals[signal]);
    };
    process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
    return {
      earlier: journal.earlier,
      record(measurement) {
        tests++;
        journal.record(measurement);
      },
      close() {
        process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
        journal.close();
      },
    };
  };
  try {
    return await use(open);
  } catch (error) {
    quiet();
    // The error itself is told after this. A mistake would only be made again.
    if (!(error instanceof EdgewiseError && error.kind === 'usage')) tell('stopped');
    throw error;
  }
}
