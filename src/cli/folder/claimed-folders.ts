import { releaseFolders, withFolders } from '../../node/folder-lock.js';
import { onInterrupt } from '../interruption.js';

/**
 * Runs `use` while this process alone writes into the folders. They are given back also where a signal ends it.
 *
 * @throws EdgewiseError of kind usage where another process writes into one of them.
 */
export async function withClaims<T>(folders: readonly string[], use: () => Promise<T>): Promise<T> {
  const release = onInterrupt(releaseFolders);
  try {
    return await withFolders(folders, use);
  } finally {
    release();
  }
}
