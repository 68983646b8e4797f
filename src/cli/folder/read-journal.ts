import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { counted } from '../../base/text.js';
import { EdgewiseError } from '../../base/errors.js';
import type { Measurement } from '../../discover/journal.js';
import { systemFault } from '../../node/system-error.js';
import { linesOf } from './journal-lines.js';
import {
  differences,
  FIRST_CHECK,
  LineFault,
  LONGEST_HEADER,
  longestRow,
  readHeader,
  readRow,
  type RowForm,
  type SearchKey,
} from './journal-rows.js';

/** Where a line ends, in bytes, and the check up to it. */
export interface Mark {
  readonly end: number;
  readonly check: string;
}

/** The tests of a journal, with a mark after its first line and after each test. */
export interface HeldTests {
  readonly earlier: Measurement[];
  readonly marks: Mark[];
}

/** What a journal holds up to the line that is damaged, if one is. */
export interface ReadTests extends HeldTests {
  readonly fault: LineFault | undefined;
}

/**
 * Reads a journal of this search. A last line that was cut short is left out.
 *
 * @returns undefined where not even the first line was written.
 * @throws EdgewiseError of kind usage where the journal is of another search, or cannot be read.
 */
export async function readJournal(path: string, key: SearchKey, form: RowForm): Promise<ReadTests | undefined> {
  const earlier: Measurement[] = [];
  const marks: Mark[] = [];
  const tested = new Set<number>();
  const longest = (line: number): number => (line === 1 ? LONGEST_HEADER : longestRow(form));
  const fault = await faultOf(path, async (file) => {
    for await (const { bytes, end } of linesOf(file, longest)) {
      const before = marks.at(-1);
      if (before === undefined) {
        const theirs = readHeader(bytes);
        refuseDifferences(path, theirs, key, new Set([...Object.keys(key), ...Object.keys(theirs)]));
        marks.push({ end, check: FIRST_CHECK });
        continue;
      }
      const [test, check] = readRow(bytes, form, before.check);
      if (tested.has(test.edge)) throw new LineFault(`${form.topology.edgeName(test.edge)} was tested before`);
      tested.add(test.edge);
      earlier.push(test);
      marks.push({ end, check });
    }
  });
  if (fault && marks.length === 0) throw damaged(path, `line 1: ${fault.message}`, 0);
  return marks.length === 0 ? undefined : { earlier, marks, fault };
}

/** What a journal's first line says of its search; undefined where not even that was written. */
export async function readJournalKey(path: string): Promise<SearchKey | undefined> {
  let key: SearchKey | undefined;
  const fault = await faultOf(path, async (file) => {
    for await (const { bytes } of linesOf(file, () => LONGEST_HEADER)) {
      key = readHeader(bytes);
      return;
    }
  });
  if (fault) throw damaged(path, `line 1: ${fault.message}`, 0);
  return key;
}

/** Reads a journal, and gives what is wrong with the line that `read` got to, if something is. */
async function faultOf(path: string, read: (file: FileHandle) => Promise<void>): Promise<LineFault | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await read(file);
    return undefined;
  } catch (error) {
    if (error instanceof LineFault) return error;
    throw systemFault('usage', path, 'cannot be read', error);
  } finally {
    await file?.close();
  }
}

/** @throws EdgewiseError of kind usage that names what differs. */
export function refuseDifferences(path: string, theirs: SearchKey, mine: SearchKey, names: Iterable<string>): void {
  const different = differences(theirs, mine, names);
  if (different === undefined) return;
  const what = `is of a search that differs in ${different}; without --resume --force starts anew`;
  throw new EdgewiseError('usage', path, what);
}

/** The error for a damaged journal. @param tests that stand before the damage, and can be kept. */
export function damaged(path: string, damage: string, tests: number): EdgewiseError {
  const keep = tests === 0 ? '' : `--keep-before goes on from the ${counted(tests, 'test')} before it, `;
  const what = `${damage}; ${keep}without --resume --force starts anew`;
  return new EdgewiseError('usage', path, what);
}
