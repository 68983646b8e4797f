import { constants } from 'node:fs';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { isMissing } from '../../node/probe.js';
import { isSystemError, systemFault } from '../../node/system-error.js';
import { BEGINNING, type SearchKey } from './journal-rows.js';
import { readJournalKey, refuseDifferences } from './read-journal.js';

/** A journal lies beside the results while a search runs. */
const JOURNAL_FILE = /^search(-[^/]*)?\.jsonl$/;

/** The journal's file. A run of several searches tells them apart by a word. */
export function journalFile(word?: string): string {
  return word === undefined ? 'search.jsonl' : `search-${word}.jsonl`;
}

/** Names of the journals in a folder; none where there is no such folder. */
export async function journalsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => JOURNAL_FILE.test(name));
  const kinds = await Promise.all(names.map((name) => kindOf(join(folder, name))));
  return names.filter((_, i) => kinds[i] === 'journal');
}

/** What is at the path of a journal. A journal is a regular file, also one whose first line was cut short. */
async function kindOf(path: string): Promise<'nothing' | 'journal' | 'other file' | 'no file'> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a FIFO would wait for a writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) return 'no file';
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
    return BEGINNING.startsWith(buffer.toString('utf8', 0, bytesRead)) ? 'journal' : 'other file';
  } catch (error) {
    if (isMissing(error)) return 'nothing';
    if (isSystemError(error) && NO_FILE.includes(error.code)) return 'no file';
    throw systemFault('usage', path, 'cannot be read', error);
  } finally {
    await file?.close();
  }
}

/** A socket, links in a loop, a file of somebody else. */
const NO_FILE: readonly (string | undefined)[] = ['ENXIO', 'ELOOP', 'EACCES', 'EPERM'];

/** @returns whether a journal is there. @throws EdgewiseError of kind usage where something else is. */
export async function assertPlaceForJournal(path: string): Promise<boolean> {
  const kind = await kindOf(path);
  if (kind === 'nothing' || kind === 'journal') return kind === 'journal';
  const what = 'is there already and is no journal of a search; results need another folder';
  throw new EdgewiseError('usage', path, what);
}

/**
 * Makes sure, before any work, that nothing in a folder is in the way of its journals. A file of another kind is, where
 * it has the name of the main journal; anything that is no file is, under any such name.
 *
 * @throws EdgewiseError of kind usage.
 */
export async function assertPlaceForJournals(folder: string): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter((one) => JOURNAL_FILE.test(one))) {
    const path = join(folder, name);
    if (name === journalFile() || (await kindOf(path)) === 'no file') await assertPlaceForJournal(path);
  }
}

/**
 * @throws EdgewiseError of kind usage where a run into this folder was interrupted, unless it goes on or starts anew.
 */
export async function assertNoJournal(
  folder: string,
  { resume, force }: { readonly resume: boolean; readonly force: boolean },
): Promise<void> {
  if (resume || force || (await journalsIn(folder)).length === 0) return;
  throw new EdgewiseError(
    'usage',
    folder,
    'holds a run that was interrupted: --resume goes on with it, --force starts anew',
  );
}

/**
 * Makes sure, before any work, that every journal in the folder is of this run: journals are removed once results are
 * written, and those of another run would be lost.
 *
 * @param run what tells this run from others, on whatever machine.
 * @throws EdgewiseError of kind usage that names the journal and what differs.
 */
export async function assertResumes(folder: string, run: SearchKey): Promise<void> {
  for (const name of await journalsIn(folder)) {
    const path = join(folder, name);
    const theirs = await readJournalKey(path);
    if (theirs) refuseDifferences(path, theirs, run, Object.keys(run));
  }
}

/** Removes every journal in a folder, once results are written. */
export async function removeJournals(folder: string): Promise<void> {
  for (const name of await journalsIn(folder)) await rm(join(folder, name), { force: true });
}
