import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { counted } from '../../base/text.js';
import type { Journal, Measurement } from '../../discover/journal.js';
import { makeFolder } from '../../node/make-folder.js';
import { systemFault } from '../../node/system-error.js';
import { FIRST_CHECK, headerText, rowText, type RowForm, type SearchKey } from './journal-rows.js';
import { damaged, readJournal, type HeldTests, type Mark } from './read-journal.js';
import { assertPlaceForJournal } from './search-journal.js';

export interface SearchJournal extends Journal {
  forget(step: number, what: string): void;
  /** Ends the writing. The file stays until `removeJournals`; a file without a test goes at once. */
  close(): void;
}

export interface JournalOptions extends RowForm {
  readonly key: SearchKey;
  /** Takes over what an earlier run left. Otherwise it is replaced. */
  readonly resume: boolean;
  /** Cuts a damaged journal off where it is damaged, and is told where. Without it such a journal is refused. */
  readonly onCut?: ((what: string) => void) | undefined;
}

/**
 * Opens a journal: a new one, or the one that the same search left when it was interrupted. A last line that was cut
 * short is dropped, and its test is made again.
 *
 * @throws EdgewiseError of kind `usage` where the journal is of another search (what differs is named), or damaged (the
 *   line is named), or cannot be written.
 */
export async function openJournal(path: string, options: JournalOptions): Promise<SearchJournal> {
  try {
    await makeFolder(dirname(path));
    const resumed = await assertPlaceForJournal(path);
    const held = resumed && options.resume ? await heldTests(path, options) : undefined;
    if (held) return new OpenJournal(path, openSync(path, 'r+'), options, held);
    await rm(path, { force: true });
    const header = `${headerText(options.key)}\n`;
    // Exclusively: whoever made a file there by now would write into the same.
    const file = openSync(path, 'wx');
    writeFully(file, header, 0);
    const marks = [{ end: Buffer.byteLength(header), check: FIRST_CHECK }];
    return new OpenJournal(path, file, options, { earlier: [], marks });
  } catch (error) {
    throw systemFault('usage', path, 'cannot be written', error);
  }
}

async function heldTests(path: string, { key, onCut, ...form }: JournalOptions): Promise<HeldTests | undefined> {
  const found = await readJournal(path, key, form);
  if (found?.fault) {
    const tests = found.earlier.length;
    const what = `line ${tests + 2}: ${found.fault.message}`;
    if (!onCut) throw damaged(path, what, tests);
    onCut(cutWords(path, what, tests));
  }
  return found;
}

function cutWords(path: string, what: string, tests: number): string {
  return `${path}: ${what}; cut off there, ${counted(tests, 'test')} kept`;
}

/** How long written tests may wait before they are forced to the disk, in milliseconds. A power failure loses them. */
const SYNC_EVERY = 2000;

class OpenJournal implements SearchJournal {
  readonly where: string;
  readonly earlier: Measurement[];
  readonly #file: number;
  readonly #form: RowForm;
  readonly #marks: Mark[];
  readonly #onCut: ((what: string) => void) | undefined;
  #synced = performance.now();

  /** Goes on after the last mark. What stands behind it was cut short, or is damaged. */
  constructor(path: string, file: number, { onCut, ...form }: JournalOptions, { earlier, marks }: HeldTests) {
    this.where = path;
    this.earlier = earlier;
    this.#file = file;
    this.#form = form;
    this.#marks = marks;
    ftruncateSync(file, marks.at(-1)!.end);
    this.#onCut = onCut;
  }

  forget(step: number, what: string): void {
    if (!this.#onCut) throw damaged(this.where, what, step);
    this.#onCut(cutWords(this.where, what, step));
    this.earlier.length = step;
    this.#marks.length = step + 1;
    ftruncateSync(this.#file, this.#marks.at(-1)!.end);
  }

  record(test: Measurement): void {
    const { end, check: before } = this.#marks.at(-1)!;
    const [text, check] = rowText(test, this.#form, before);
    try {
      this.#marks.push({ end: end + writeFully(this.#file, `${text}\n`, end), check });
      if (performance.now() - this.#synced < SYNC_EVERY) return;
      fsyncSync(this.#file);
      this.#synced = performance.now();
    } catch (error) {
      throw systemFault('usage', this.where, 'cannot be written', error);
    }
  }

  close(): void {
    const empty = this.#marks.length === 1 && isSameFile(this.#file, this.where);
    closeSync(this.#file);
    if (empty) rmSync(this.where, { force: true });
  }
}

/** @returns how many bytes it is. */
function writeFully(file: number, text: string, position: number): number {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
  return bytes.length;
}

/** Whether an open file is still what its path leads to. */
function isSameFile(file: number, path: string): boolean {
  const [mine, there] = [fstatSync(file), statSync(path, { throwIfNoEntry: false })];
  return mine.ino === there?.ino && mine.dev === there.dev;
}
