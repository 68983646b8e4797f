import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { assertUnlocked } from './folder-lock.js';
import { outputTarget } from './output.js';
import { isSystemError, systemReason } from './system-error.js';

/**
 * Writes a whole file or nothing: readers see the old contents or the new ones, never a part, and an error leaves no
 * trace. The folder must exist. A symbolic link stays: what it leads to is replaced.
 *
 * @throws EdgewiseError of kind 'usage' that names the file when it cannot be written, is no regular file, or another
 * process holds its folder.
 */
export async function writeFileAtomically(path: string, contents: string | Uint8Array): Promise<void> {
  await fillFileAtomically(path, (file) => file.writeFile(contents));
}

/** Whether a file of this name was left by a process that was killed while it wrote. */
export function isUnfinishedWrite(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name);
}

/**
 * The same for contents that arrive in pieces.
 *
 * @param fill writes the contents; when it throws, the file at `path` stays as it was and its error is passed on, with
 *   errors of the file system turned into an EdgewiseError.
 */
export async function fillFileAtomically(path: string, fill: (file: FileHandle) => Promise<unknown>): Promise<void> {
  const target = await outputTarget(path);
  await assertUnlocked(target);
  // In the same folder, because a rename across file systems is not atomic.
  const temporary = join(dirname(target), temporaryName(basename(target)));
  try {
    const file = await open(temporary, 'wx');
    try {
      await fill(file);
      // Else a power failure after the rename could leave an empty file under the final name.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!isSystemError(error)) throw error;
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    const reason = missing ? 'its folder does not exist' : systemReason(error);
    throw new EdgewiseError('usage', path, `cannot be written: ${reason}`, { cause: error });
  }
}

/** Names end at 255 bytes in most file systems. A name that is long itself is cut, so that it can be written. */
function temporaryName(name: string): string {
  const short = Buffer.from(name)
    .subarray(0, 200)
    .toString('utf8')
    .replace(/\ufffd$/, '');
  return `.${short}.${randomBytes(6).toString('hex')}.tmp`;
}
