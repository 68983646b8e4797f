import { constants } from 'node:fs';
import { access, mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../base/errors.js';
import type { Provenance } from '../circuit/circuit.js';
import { parseCircuit } from '../export/index.js';
import { writeFileAtomically } from '../node/atomic-write.js';

/** What makes two runs the same: everything that was asked for, nothing that was found or that the machine decides. */
export type RunIdentity = Omit<
  Provenance,
  'engineVersion' | 'adapter' | 'metrics' | 'faithfulness' | 'minMargin' | 'signConvention' | 'order'
>;

/**
 * Makes sure, before any work, that results can go to `folder`: it can be written, and what it holds is nothing or an
 * earlier result of the same run. Creates nothing.
 *
 * @throws EdgewiseError of kind usage.
 */
export async function assertUsable(folder: string, run: RunIdentity, force: boolean): Promise<void> {
  await assertWritable(folder);
  if (force) return;
  const entries = await readdir(folder).catch(() => []);
  if (entries.length === 0) return;
  const earlier = await readProvenance(join(folder, 'circuit.json'));
  if (earlier === undefined) {
    throw new EdgewiseError('usage', folder, 'is not empty and holds no result of this run; use --force to write into it');
  }
  const different = Object.keys(run).filter((key) => !isDeepStrictEqual(run[key as keyof RunIdentity], earlier[key as keyof RunIdentity]));
  if (different.length > 0) {
    const what = `holds the result of another run (its ${different.join(', ')} differ); use --force to replace it`;
    throw new EdgewiseError('usage', folder, what);
  }
}

/** Writes the files of a result, each whole or not at all. Returns their paths. */
export async function writeResult(folder: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new EdgewiseError('usage', folder, 'cannot be created', { cause: error });
  }
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFileAtomically(path, text);
    paths.push(path);
  }
  return paths;
}

/** The folder itself or, where it is still to be created, the nearest one above it that is there. */
async function assertWritable(folder: string): Promise<void> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    try {
      await readdir(path);
      await access(path, constants.W_OK);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' && path !== dirname(path)) continue;
      const what = code === 'ENOTDIR' ? `cannot be created: ${path} is a file` : 'cannot be written';
      throw new EdgewiseError('usage', folder, what, { cause: error });
    }
  }
}

async function readProvenance(path: string): Promise<Provenance | undefined> {
  try {
    return parseCircuit(await readFile(path, 'utf8'), path).provenance;
  } catch {
    return undefined;
  }
}
