import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isFolder } from './probe.js';

/**
 * Makes a folder and every missing folder above it. Node's own recursive mkdir never returns for a place where nothing
 * can be made, such as /proc.
 *
 * @returns the folders that were not there before, the outermost first.
 * @throws the file system's error.
 */
export async function makeFolder(path: string): Promise<string[]> {
  try {
    await mkdir(path);
    return [path];
  } catch (error) {
    if (await isFolder(path)) return [];
    const parent = dirname(resolve(path));
    // A parent that is there cannot take it. Where there is none at all, the path leads nowhere.
    if (parent === resolve(path) || (await isFolder(parent))) throw error;
    const made = await makeFolder(parent);
    await mkdir(path);
    return [...made, path];
  }
}
