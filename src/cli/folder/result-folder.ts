import { readFile, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../../base/errors.js';
import type { Provenance } from '../../circuit/circuit.js';
import type { AttributionSettings, RunIdentity } from '../../circuit/run-identity.js';
import type { ScoresProvenance } from '../../circuit/scores.js';
import { parseCircuit } from '../../files/index.js';
import { isUnfinishedWrite, writeFileAtomically } from '../../node/atomic-write.js';
import { makeFolder } from '../../node/make-folder.js';
import { assertOutput } from '../../node/output.js';
import { assertFolder } from '../../node/writable-folder.js';
import type { AskedOfRun, ThresholdPlan } from '../../run/methods/definition.js';
import type { StabilityRecord } from '../../run/stability.js';
import { askedStability, STABILITY_FILE } from './stability-file.js';
import { askedThresholds, THRESHOLDS_FILE } from './thresholds-file.js';
import { isHeldByOther, isLock } from '../../node/folder-lock.js';
import { systemFault } from '../../node/system-error.js';
import { assertPlaceForJournals, journalsIn } from './search-journal.js';

/** The files that say which run a folder's files are of. */
const CIRCUIT_FILE = 'circuit.json';
export const SCORES_FILE = 'scores.json';
/** Scores of every edge on each prompt. */
export const PROMPT_SCORES_FILE = 'scores-per-prompt.safetensors';
/** Every file that a result may have. Files of an earlier result must not stay beside another. */
const RESULT_FILES: readonly string[] = [
  CIRCUIT_FILE,
  'circuit.gexf',
  'trace.jsonl',
  SCORES_FILE,
  PROMPT_SCORES_FILE,
  'details.json',
  THRESHOLDS_FILE,
  STABILITY_FILE,
];

/**
 * The provenance fields that identify a run; a subset of each object is enough. And what else the run was asked for.
 */
export interface FolderRun
  extends Partial<RunIdentity & AttributionSettings>, Omit<AskedOfRun, 'selection' | 'threshold'> {
  /** Undefined where the run chooses nothing from scores: a result with a choice is another run's. */
  readonly selection?: AskedOfRun['selection'] | undefined;
  /** True where edges that carry nothing are left out, null where not. */
  readonly dropIdle?: true | null;
  /** What was varied where the search was made again and again; null where it was made once. */
  readonly stability?: StabilityRecord | null;
}

/**
 * Makes sure, before any work, that results can go to `folder`: it can be written, and it is empty or holds an earlier
 * result of the same run. Leaves nothing behind.
 *
 * @param parts names in the folder that are not looked at here.
 * @throws EdgewiseError of kind usage.
 */
export async function assertUsable(
  folder: string,
  run: FolderRun,
  force: boolean,
  parts: (name: string) => boolean = () => false,
): Promise<void> {
  await assertFolder(folder);
  for (const name of RESULT_FILES) await assertOutput(join(folder, name));
  await assertPlaceForJournals(folder);
  if (force) return;
  const entries = await readdir(folder).catch(() => []);
  const journals = await journalsIn(folder);
  if (entries.every((name) => isLock(name) || isUnfinishedWrite(name) || journals.includes(name) || parts(name)))
    return;
  const [provenance, asked] = [await readProvenance(folder), await readAsked(folder)];
  // A table is written first, and says more.
  const earlier: Readonly<Record<string, unknown>> = { ...NOTHING_ASKED, ...provenance, ...asked };
  if (!provenance && !asked) {
    throw new EdgewiseError(
      'usage',
      folder,
      'is not empty and holds no result of this run; use --force to write into it, or another --out',
    );
  }
  const different = Object.entries({ stability: null, ...run })
    .filter(([key, value]) => !agrees(value, earlier[key]))
    .map(([key]) => key);
  if (different.length > 0) {
    const words = different.map((key) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)).join(', ');
    throw new EdgewiseError(
      'usage',
      folder,
      `holds the result of a run that differs in ${words}; use --force to replace it, or another --out`,
    );
  }
}

/** What a result without a table was asked for. */
const NOTHING_ASKED: ThresholdPlan & Pick<FolderRun, 'dropIdle' | 'stability'> = {
  thresholds: null,
  edges: null,
  start: null,
  dropIdle: null,
  stability: null,
};

/** Whether everything that is asked for is there. Objects may hold more. */
function agrees(asked: unknown, there: unknown): boolean {
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return isDeepStrictEqual(asked, there);
  if (typeof there !== 'object' || there === null) return false;
  return Object.entries(asked).every(([key, value]) =>
    agrees(value, (there as Readonly<Record<string, unknown>>)[key]),
  );
}

/**
 * Writes the files of a result, each whole or not at all. Files without a text are left out. The first file must say
 * which run the result is of: a run that is killed between two files can then be repeated without --force.
 *
 * @returns the paths that were written.
 * @throws EdgewiseError of kind usage that names what cannot be written.
 */
export async function writeResult(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array | undefined>>,
): Promise<string[]> {
  try {
    await makeFolder(folder);
    for (const name of await readdir(folder)) {
      const stale = RESULT_FILES.includes(name) && files[name] === undefined;
      if (stale || isUnfinishedWrite(name)) await rm(join(folder, name), { force: true });
    }
  } catch (error) {
    throw systemFault('usage', folder, 'cannot be written', error);
  }
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue;
    const path = join(folder, name);
    await writeFileAtomically(path, text);
    paths.push(path);
  }
  return paths;
}

/** Removes results of an earlier run from folders inside `folder`, and those folders where nothing else is left. */
export async function removeParts(folder: string, stale: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder)).filter(stale)) {
    const part = join(folder, name);
    if (await isHeldByOther(part)) continue;
    for (const file of RESULT_FILES) await rm(join(part, file), { force: true }).catch(() => undefined);
    await rmdir(part).catch(() => undefined); // it holds something else
  }
}

/** What a run of several searches was asked for, by its table or its card; undefined where there is neither. */
async function readAsked(folder: string): Promise<object | undefined> {
  for (const [name, read] of [
    [STABILITY_FILE, askedStability],
    [THRESHOLDS_FILE, askedThresholds],
  ] as const) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    const asked = text === undefined ? undefined : read(text);
    if (asked) return asked;
  }
  return undefined;
}

/** The provenance of the circuit or the scores in a folder; undefined where there are none. */
async function readProvenance(folder: string): Promise<Provenance | ScoresProvenance | undefined> {
  for (const name of [CIRCUIT_FILE, SCORES_FILE]) {
    try {
      const { provenance, scores } = parseCircuit(await readFile(join(folder, name), 'utf8'), name);
      const found = scores?.provenance ?? provenance;
      if (found) return found;
    } catch {
      // not there, or no result of ours
    }
  }
  return undefined;
}
