import type { Stats } from 'node:fs';
import { lstat, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { isMissing, kindOf, statOrUndefined } from './probe.js';
import { isSystemError, systemFault, systemReason } from './system-error.js';

/**
 * Makes sure, before any work, that files can be written into `folder`, which may be new. Tries to create something in
 * it, or in the nearest folder above it that is there. Permissions alone do not tell: they bind no administrator, and a
 * file system may be read-only. Leaves nothing behind.
 *
 * @param where names the output in messages.
 * @throws EdgewiseError of kind usage.
 */
export async function assertFolder(folder: string, where = folder): Promise<void> {
  let path = resolve(folder);
  let found = await statThere(path, where);
  while (!found && path !== dirname(path)) {
    path = dirname(path);
    found = await statThere(path, where);
  }
  if (!found?.isDirectory()) {
    const what = !found || found.isFile() ? 'file' : kindOf(found);
    const fails = where === folder ? 'created' : 'written';
    throw new EdgewiseError('usage', where, `cannot be ${fails}: ${path} is a ${what}, not a folder`);
  }
  try {
    await rmdir(await mkdtemp(join(path, '.edgewise-')));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // /proc and the like say that there is no such folder.
    const reason = error.code === 'ENOENT' ? '' : `: ${systemReason(error)}`;
    const what = `cannot be written: nothing can be created in ${path}${reason}`;
    throw new EdgewiseError('usage', where, what, { cause: error });
  }
}

/** What is at a path; undefined where nothing is. A link that leads nowhere is no place for a folder. */
async function statThere(path: string, where: string): Promise<Stats | undefined> {
  const link = await lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw systemFault('usage', where, 'cannot be written', error);
  });
  if (!link?.isSymbolicLink()) return link;
  const found = await statOrUndefined(path);
  if (found) return found;
  throw new EdgewiseError('usage', where, `cannot be created: the symbolic link ${path} leads to no folder`);
}
