import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../base/errors.js';

/**
 * Writes a whole file or nothing: readers see the old contents or the new ones, never a part, and an error leaves no
 * trace. The folder must exist.
 *
 * @throws EdgewiseError of kind 'usage' that names the file when it cannot be written.
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
  // In the same folder, because a rename across file systems is not atomic.
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await fill(file);
      // Else a power failure after the rename could leave an empty file under the final name.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!isSystemError(error)) throw error;
    throw new EdgewiseError('usage', path, `cannot be written: ${reason(error)}`, { cause: error });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'its folder does not exist';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'no permission';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EISDIR':
    case 'EEXIST':
      return 'there is a folder of that name';
    default:
      return error.message;
  }
}
