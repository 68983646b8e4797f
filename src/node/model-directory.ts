import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import type { ByteSource, ModelDirectory } from '../checkpoint/byte-source.js';
import { isMissing } from './probe.js';
import { systemFault } from './system-error.js';

/**
 * A model's folder on disk.
 *
 * @throws EdgewiseError of kind 'checkpoint' where there is no such folder.
 */
export async function openModelDirectory(path: string): Promise<ModelDirectory> {
  const info = await statIfThere(path);
  if (!info?.isDirectory()) {
    throw new EdgewiseError('checkpoint', path, info ? 'is not a folder' : 'no such folder');
  }
  return {
    name: path,
    async open(file) {
      const filePath = join(path, file);
      const fileInfo = await statIfThere(filePath);
      return fileInfo?.isFile() ? fileSource(filePath, fileInfo.size) : undefined;
    },
    list: () => filesIn(path),
  };
}

/** Names of the files in a folder; none where it cannot be listed. */
export async function filesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

/** Node refuses longer reads than 2^31 - 1 bytes. */
const MAX_READ_BYTES = 2 ** 30;

/** The file is opened for each range, so that no handle outlives a call. */
function fileSource(path: string, size: number): ByteSource {
  return {
    name: path,
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      try {
        const file = await open(path, 'r');
        try {
          for (let done = 0; done < length;) {
            const { bytesRead } = await file.read(bytes, done, Math.min(length - done, MAX_READ_BYTES), offset + done);
            if (bytesRead === 0) {
              throw new EdgewiseError('checkpoint', path, `ends at byte ${offset + done}, expected ${offset + length}`);
            }
            done += bytesRead;
          }
        } finally {
          await file.close();
        }
      } catch (cause) {
        throw unreadable(path, cause);
      }
      return bytes;
    },
  };
}

/** Unlike `statOrUndefined`: a file that is there and cannot be seen is an error. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): unknown {
  return systemFault('checkpoint', path, 'cannot be read', cause);
}
