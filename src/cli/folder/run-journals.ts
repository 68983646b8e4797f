import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../../base/text.js';
import { isSystemError } from '../../node/system-error.js';
import type { JournalRequest, RunJournal } from '../../run/aids.js';
import { onInterrupt } from '../interruption.js';
import { note } from '../report/progress.js';
import type { RowForm } from './journal-rows.js';
import { openJournal } from './open-journal.js';
import { journalFile } from './search-journal.js';

export interface JournalSetting extends RowForm {
  readonly folder: string;
  /** Takes over what an earlier run left. Otherwise it is replaced. */
  readonly resume: boolean;
  /** Takes over of a damaged journal what stands before the damage. Otherwise it is refused. */
  readonly keepBefore: boolean;
  /** Is called before anything is said on stderr. */
  readonly quiet: () => void;
}

/**
 * Runs `use`, which keeps journals in a folder. If `use` is interrupted or fails, a note on stderr says how to go on.
 *
 * @param use gets what opens a journal.
 */
export async function withJournals<T>(
  { folder, resume, keepBefore, quiet, ...form }: JournalSetting,
  use: (open: (request: JournalRequest) => Promise<RunJournal>) => Promise<T>,
): Promise<T> {
  /** Tests in the journal that was opened last, whether measured by this run or an earlier one. */
  let tests = 0;
  const say = (what: string): void => {
    quiet();
    note(what);
  };
  const tell = (what: string): void => {
    quiet();
    if (tests > 0) note(`${what} after ${counted(tests, 'test')}: the same command with --resume goes on from there`);
  };
  const open = async ({ name, key, prompts = form.prompts }: JournalRequest): Promise<RunJournal> => {
    const onCut = keepBefore ? (what: string): void => say(`note: ${what}`) : undefined;
    const journal = await openJournal(join(folder, journalFile(name)), { ...form, prompts, key, resume, onCut });
    tests = journal.earlier.length;
    if (tests > 0) note(`going on after ${counted(tests, 'test')} of the interrupted run`);
    const release = onInterrupt(() => {
      journal.close();
      tell('interrupted');
    });
    return {
      earlier: journal.earlier,
      where: journal.where,
      forget: (step, what) => journal.forget(step, what),
      record(measurement) {
        tests++;
        journal.record(measurement);
      },
      close() {
        release();
        journal.close();
      },
    };
  };
  try {
    return await use(open);
  } catch (error) {
    quiet();
    // The error itself is told after this. A mistake would only be made again.
    if (!isMistake(error)) tell('stopped');
    throw error;
  }
}

/** Whether the caller is at fault. A disk that is full is not the caller's. */
function isMistake(error: unknown): boolean {
  return error instanceof EdgewiseError && error.kind === 'usage' && !isSystemError(error.cause);
}
