import type { Stats } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../base/errors.js';
import type { Provenance } from '../circuit/circuit.js';
import type { RunIdentity } from '../circuit/run-identity.js';
import { parseCircuit } from '../export/index.js';
import { isUnfinishedWrite, writeFileAtomically } from '../node/atomic-write.js';
import { makeFolder } from '../node/make-folder.js';
import { isJournal } from './search-journal.js';

/** The file that says which run a folder's files are of. */
const CIRCUIT_FILE = 'circuit.json';
/** Written only where asked for: one of an earlier result must not stay beside a new circuit. */
const DETAILS_FILE = 'details.json';

/** Texts of the files of a result. */
export interface ResultFiles {
  readonly [CIRCUIT_FILE]: string;
  readonly [DETAILS_FILE]?: string | undefined;
  readonly [name: string]: string | undefined;
}

/**
 * Makes sure, before any work, that results can go to `folder`: it can be written, and what it holds is nothing or an
 * earlier result of the same run. Leaves nothing behind.
 *
 * @throws EdgewiseError of kind usage.
 */
export async function assertUsable(folder: string, run: Partial<RunIdentity>, force: boolean): Promise<void> {
  await assertWritable(folder);
  if (force) return;
  const entries = await readdir(folder).catch(() => []);
  if (entries.every((name) => isUnfinishedWrite(name) || isJournal(name))) return;
  const earlier = await readProvenance(join(folder, CIRCUIT_FILE));
  if (earlier === undefined) {
    throw new EdgewiseError(
      'usage',
      folder,
      'is not empty and holds no result of this run; use --force to write into it',
    );
  }
  const different = (Object.keys(run) as (keyof RunIdentity)[]).filter(
    (key) => !isDeepStrictEqual(run[key], earlier[key]),
  );
  if (different.length > 0) {
    const words = different.map((key) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)).join(', ');
    throw new EdgewiseError(
      'usage',
      folder,
      `holds the result of a run that differs in ${words}; use --force to replace it`,
    );
  }
}

/** Writes the files of a result, each whole or not at all. Returns their paths. */
export async function writeResult(folder: string, files: ResultFiles): Promise<string[]> {
  try {
    await makeFolder(folder);
    for (const name of await readdir(folder))
      if (isUnfinishedWrite(name) || name === DETAILS_FILE) await rm(join(folder, name), { force: true });
  } catch (error) {
    throw new EdgewiseError('usage', folder, 'cannot be created', { cause: error });
  }
  // This one first: a run that is killed between two files can then be repeated without --force.
  const names = [CIRCUIT_FILE, ...Object.keys(files).filter((name) => name !== CIRCUIT_FILE)];
  const paths: string[] = [];
  for (const name of names) {
    const text = files[name];
    if (text === undefined) continue;
    const path = join(folder, name);
    await writeFileAtomically(path, text);
    paths.push(path);
  }
  return paths;
}

/**
 * Tries the folder itself or, where it is still to be created, the nearest one above it that is there. Permissions alone
 * do not tell: they bind no administrator, and a file system may be read-only.
 */
async function assertWritable(folder: string): Promise<void> {
  let path = resolve(folder);
  let found = await statOrUndefined(path);
  while (!found && path !== dirname(path)) {
    path = dirname(path);
    found = await statOrUndefined(path);
  }
  if (!found?.isDirectory()) throw new EdgewiseError('usage', folder, `cannot be created: ${path} is a file`);
  try {
    await rmdir(await mkdtemp(join(path, '.edgewise-')));
  } catch (error) {
    throw new EdgewiseError('usage', folder, `cannot be written: nothing can be created in ${path}`, { cause: error });
  }
}

function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

async function readProvenance(path: string): Promise<Provenance | undefined> {
  try {
    return parseCircuit(await readFile(path, 'utf8'), path).provenance;
  } catch {
    return undefined;
  }
}
