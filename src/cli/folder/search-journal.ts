import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { open, readdir, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../../base/errors.js';
import type { Topology } from '../../circuit/topology.js';
import type { Journal, Measurement } from '../../discover/journal.js';
import { makeFolder } from '../../node/make-folder.js';
import { readIfThere } from '../../node/probe.js';

/** A journal lies beside the results while a search runs: one line that says which search, then one for each test. */
const JOURNAL_FILE = /^search(-[^/]*)?\.jsonl$/;
/** The beginning of that first line. A file that begins otherwise is no journal, whatever its name. */
const BEGINNING = '{"edgewise_search":';

/** The journal's file. A run of several searches tells them apart by a word. */
export function journalFile(word?: string): string {
  return word === undefined ? 'search.jsonl' : `search-${word}.jsonl`;
}

/** Names of the journals in a folder; none where there is no such folder. */
export async function journalsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => JOURNAL_FILE.test(name));
  const ours = await Promise.all(names.map((name) => isJournal(join(folder, name))));
  return names.filter((_, i) => ours[i]);
}

/** Whether a file is a journal, also one whose first line was cut short. */
async function isJournal(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
    return BEGINNING.startsWith(buffer.toString('utf8', 0, bytesRead));
  } catch {
    return false; // a folder, say
  } finally {
    await file.close();
  }
}

const VERSION = 1;
/**
 * How long written tests may wait before they are forced to the disk, in milliseconds. Only a power failure loses them.
 */
const SYNC_EVERY = 2000;

/** What a search and the search that left a journal must have in common: names and values as JSON. */
export type SearchKey = Readonly<Record<string, unknown>>;

export interface SearchJournal extends Journal {
  /** Ends the writing. The file stays until `removeJournals`; a file without a test goes at once. */
  close(): void;
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
  const here = asJson(run);
  for (const name of await journalsIn(folder)) {
    const path = join(folder, name);
    const text = (await readIfThere(path)) ?? '';
    const end = text.indexOf('\n');
    if (end < 0) continue; // not even its first line was written
    const theirs = parseLine(path, text.slice(0, end), 1) as SearchKey;
    refuseDifferences(path, theirs, here, Object.keys(here));
  }
}

/** Removes every journal in a folder, once results are written. */
export async function removeJournals(folder: string): Promise<void> {
  for (const name of await journalsIn(folder)) await rm(join(folder, name), { force: true });
}

/**
 * Opens a journal: a new one, or the one that the same search left when it was interrupted. A last line that was cut
 * short is dropped, and its test is made again.
 *
 * @param resume take over what an earlier run left. Otherwise it is replaced.
 * @throws EdgewiseError of kind `usage` where the journal is of another search (what differs is named), or broken.
 */
export async function openJournal(
  path: string,
  key: SearchKey,
  topology: Topology,
  resume: boolean,
): Promise<SearchJournal> {
  await makeFolder(dirname(path));
  if (existsSync(path) && !(await isJournal(path))) {
    throw new EdgewiseError(
      'usage',
      path,
      'is there already and is no journal of a search; results need another folder',
    );
  }
  const text = resume ? await readIfThere(path) : undefined;
  const whole = text?.slice(0, text.lastIndexOf('\n') + 1) ?? '';
  const [header, ...tests] = whole.split('\n').slice(0, -1);
  if (header !== undefined) refuseOtherSearch(path, header, key);
  const earlier = tests.map((line, i) => readTest(path, line, i + 2, topology));
  if (header !== undefined) await truncate(path, Buffer.byteLength(whole));

  const file = openSync(path, header === undefined ? 'w' : 'a');
  if (header === undefined) writeSync(file, `${JSON.stringify({ edgewise_search: VERSION, ...key })}\n`);
  let synced = performance.now();
  let empty = earlier.length === 0;
  return {
    earlier,
    record({ edge, without }) {
      empty = false;
      writeSync(file, `${JSON.stringify([topology.edgeName(edge), ...without.map(writeNumber)])}\n`);
      if (performance.now() - synced < SYNC_EVERY) return;
      fsyncSync(file);
      synced = performance.now();
    },
    close() {
      closeSync(file);
      if (empty) rmSync(path, { force: true });
    },
  };
}

function refuseOtherSearch(path: string, header: string, key: SearchKey): void {
  const { edgewise_search: version, ...theirs } = parseLine(path, header, 1) as SearchKey;
  const mine = asJson(key);
  if (version !== VERSION) throw new EdgewiseError('usage', path, 'is not the journal of a search of this version');
  refuseDifferences(path, theirs, mine, [...new Set([...Object.keys(mine), ...Object.keys(theirs)])]);
}

function asJson(key: SearchKey): SearchKey {
  return JSON.parse(JSON.stringify(key)) as SearchKey;
}

function refuseDifferences(path: string, theirs: SearchKey, mine: SearchKey, names: readonly string[]): void {
  const different = names.filter((name) => !isDeepStrictEqual(mine[name], theirs[name]));
  if (different.length === 0) return;
  const told = different.map(
    (name) => `${name} (${JSON.stringify(theirs[name])} there, ${JSON.stringify(mine[name])} here)`,
  );
  const what = `is of a search that differs in ${told.join(', ')}; without --resume --force starts anew`;
  throw new EdgewiseError('usage', path, what);
}

function readTest(path: string, line: string, number: number, topology: Topology): Measurement {
  const [name, ...values] = parseLine(path, line, number) as unknown[];
  const edge = typeof name === 'string' ? topology.edgeId(name) : undefined;
  const without = values.map(readNumber);
  if (edge === undefined || without.length === 0 || without.includes(undefined)) {
    throw new EdgewiseError('usage', path, `line ${number}: expected an edge's name and a number for each prompt`);
  }
  return { edge, without: without as number[] };
}

function parseLine(path: string, line: string, number: number): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // told below
  }
  throw new EdgewiseError('usage', path, `line ${number}: not valid JSON`);
}

/** JSON has no NaN and no infinities. A circuit may measure either. */
function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}
