import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { oneLine } from '../../base/text.js';
import type { Topology } from '../../circuit/topology.js';
import type { Measurement } from '../../discover/journal.js';

// A journal is one line that says which search it is of, then one for each test:
//   {"edgewise_search":2,"method":"acdc",...}
//   ["a0.h1->m1",0.25,1e-9,"0f5c3a9be210"]      the edge, the metric without it on every prompt, and a check
// The check is a hash over all tests up to this one. A line that was changed, lost or moved is found by it.

const VERSION = 2;
/** The beginning of the first line. A file that begins otherwise is no journal, whatever its name. */
export const BEGINNING = '{"edgewise_search":';
/** In bytes. A longer first line is none. */
export const LONGEST_HEADER = 2 ** 20;

/** What a search and the search that left a journal must have in common: names and values as JSON. */
export type SearchKey = Readonly<Record<string, unknown>>;

/** What the rows of a journal are about. */
export interface RowForm {
  readonly topology: Topology;
  /** How many. Every row has a number for each. */
  readonly prompts: number;
}

/** Why a line is not what it should be, in words. */
export class LineFault extends Error {}

export function headerText(key: SearchKey): string {
  return JSON.stringify({ edgewise_search: VERSION, ...key });
}

/** @throws LineFault where the line names no search of this version. */
export function readHeader(line: Uint8Array): SearchKey {
  const header = parsed(line);
  if (Array.isArray(header)) throw new LineFault('expected an object that says which search this is');
  const { edgewise_search: version, ...key } = header as SearchKey;
  if (version !== VERSION) throw new LineFault('is not the journal of a search of this version');
  return key;
}

/** What differs between two searches, in words; undefined where nothing does. @param names of what is compared. */
export function differences(theirs: SearchKey, mine: SearchKey, names: Iterable<string>): string | undefined {
  const here = JSON.parse(JSON.stringify(mine)) as SearchKey;
  const told = [...names]
    .filter((name) => !isDeepStrictEqual(here[name], theirs[name]))
    .map((name) => `${oneLine(name)} (${shown(theirs[name])} there, ${shown(here[name])} here)`);
  return told.length === 0 ? undefined : told.join(', ');
}

/** The check before the first test. */
export const FIRST_CHECK = '';

/** The line of a test, and the check that the next one goes on from. */
export function rowText({ edge, without }: Measurement, { topology }: RowForm, before: string): [string, string] {
  const body = JSON.stringify([topology.edgeName(edge), ...without.map(writeNumber)]).slice(0, -1);
  const check = checkOf(body, before);
  return [`${body},"${check}"]`, check];
}

/** @returns the test, and the check that the next one goes on from. @throws LineFault */
export function readRow(line: Uint8Array, { topology, prompts }: RowForm, before: string): [Measurement, string] {
  const row = parsed(line);
  const [name, ...rest] = Array.isArray(row) ? (row as unknown[]) : [];
  const check = rest.pop();
  const edge = typeof name === 'string' ? topology.edgeId(name) : undefined;
  const without = rest.map(readNumber).filter((value) => value !== undefined);
  if (edge === undefined || without.length !== prompts || rest.length !== prompts || typeof check !== 'string') {
    const what = `expected an edge's name and a number for each prompt, ${prompts} of them, and a check`;
    throw new LineFault(what);
  }
  const text = utf8(line);
  const expected = checkOf(text.slice(0, text.lastIndexOf(',')), before);
  if (check !== expected) throw new LineFault('is damaged, or a line before it is missing: its check does not agree');
  return [{ edge, without }, expected];
}

/** In bytes: of no number JSON writes more than 25 characters. */
export function longestRow({ prompts }: RowForm): number {
  return 28 * prompts + 256;
}

function checkOf(body: string, before: string): string {
  return createHash('sha256').update(before).update(body).digest('hex').slice(0, 12);
}

function parsed(line: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(utf8(line));
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    if (error instanceof LineFault) throw error;
  }
  throw new LineFault('not valid JSON');
}

function utf8(line: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    throw new LineFault('not UTF-8 text');
  }
}

/** A value of a header, which may be nested deeper than can be written. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return oneLine(JSON.stringify(value));
  } catch {
    return 'something nested';
  }
}

/** JSON has no NaN and no infinities. A circuit whose activations overflow measures either, and its edge stays. */
function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}
