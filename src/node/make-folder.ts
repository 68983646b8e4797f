import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isFolder } from './probe.js';

/**
 * Makes a folder and every missing folder above it. Node's own recursive mkdir never returns for a place where nothing
 * can be made, such as /proc.
 *
 * @throws the file system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    const parent = dirname(resolve(path));
    if (await isFolder(parent)) throw error;
    await makeFolder(parent);
    await mkdir(path);
  }
}
