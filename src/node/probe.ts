import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { systemFault } from './system-error.js';

// What is at a path. A missing file is an answer here, not an error.

/** What the file system knows of a path; undefined where nothing can be seen there. */
export function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

export async function isFolder(path: string): Promise<boolean> {
  return (await statOrUndefined(path))?.isDirectory() ?? false;
}

export async function isFile(path: string): Promise<boolean> {
  return (await statOrUndefined(path))?.isFile() ?? false;
}

/** What stands at a path that is no regular file, in a word. */
export function kindOf(found: Stats): 'folder' | 'FIFO' | 'socket' | 'device' {
  if (found.isDirectory()) return 'folder';
  if (found.isFIFO()) return 'FIFO';
  return found.isSocket() ? 'socket' : 'device';
}

/**
 * The text of a file; undefined where there is none.
 *
 * @throws EdgewiseError of kind usage where it is there and cannot be read.
 */
export function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw systemFault('usage', path, 'cannot be read', error);
  });
}

/** Whether an error of the file system says that there is no such file. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
