import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { assertUnlocked } from './folder-lock.js';
import { isMissing, kindOf } from './probe.js';
import { systemFault } from './system-error.js';
import { assertFolder } from './writable-folder.js';

// What may be written to: regular files, which are replaced, and new names. A symbolic link stays, and what it leads to
// is written. Everything else is refused before anything is computed.

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/**
 * Where a file that is written to `path` goes: `path` itself, or what it links to.
 *
 * @throws EdgewiseError of kind usage for a folder, device, FIFO or socket, and for links that lead in a loop.
 */
export async function outputTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const found = await lstat(target).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw systemFault('usage', path, 'cannot be written', error);
    });
    if (found === undefined || found.isFile()) return target;
    if (!found.isSymbolicLink()) throw refusal(path, target, found);
    target = resolve(dirname(target), await readlink(target));
  }
  throw new EdgewiseError('usage', path, 'cannot be written: its symbolic links lead in a loop');
}

/** @param target the same as `path`, or what it links to. */
function refusal(path: string, target: string, found: Stats): EdgewiseError {
  const link = target === path ? '' : `it links to ${target}, and `;
  const what = found.isDirectory()
    ? 'there is a folder of that name; name a file'
    : `there is a ${kindOf(found)} of that name; only a regular file is replaced`;
  return new EdgewiseError('usage', path, `cannot be written: ${link}${what}`);
}

/**
 * Makes sure, before any work, that a file can be written to `path`. Leaves nothing behind.
 *
 * @throws EdgewiseError of kind usage.
 */
export async function assertOutput(path: string): Promise<void> {
  const target = await outputTarget(path);
  await assertFolder(dirname(resolve(target)), path);
  await assertUnlocked(target);
}
