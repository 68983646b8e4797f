import { createHash } from 'node:crypto';
import { copyFile, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { SHARD_INDEX, shardNames } from '../../checkpoint/sharded.js';
import { fillFileAtomically, writeFileAtomically } from '../atomic-write.js';
import { makeFolder } from '../make-folder.js';
import { assertOutput } from '../output.js';
import { isFile, statOrUndefined } from '../probe.js';
import { systemFault } from '../system-error.js';
import { assertFolder } from '../writable-folder.js';

// One model's part of the Hugging Face cache, in the layout that the Python libraries share:
//   models--org--name/refs/<revision>        the commit that a branch or tag stood for when it was downloaded
//   models--org--name/blobs/<etag>           contents, one file per version
//   models--org--name/snapshots/<commit>/    the repository's files as links to blobs

/** Files of one repository as the hub describes them. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** sha256 of a large file (LFS), git's sha1 of a small one; also the blob's name. */
  readonly hash: { readonly kind: 'sha256' | 'git-sha1'; readonly hex: string };
}

export const COMMIT = /^[0-9a-f]{40}$/;
const LARGEST_INDEX = 64 * 2 ** 20;

export function repositoryFolder(cacheFolder: string, id: string): string {
  return join(cacheFolder, `models--${id.replace('/', '--')}`);
}

export function snapshotFolder(repository: string, commit: string): string {
  return join(repository, 'snapshots', commit);
}

/** The commit that this revision stood for at its last download, or undefined. */
export async function cachedCommit(repository: string, revision: string): Promise<string | undefined> {
  if (COMMIT.test(revision)) return revision;
  const text = await readFile(join(repository, 'refs', revision), 'utf8').catch(() => '');
  return COMMIT.test(text.trim()) ? text.trim() : undefined;
}

/**
 * Makes sure, before a download, that what belongs to this revision can be stored.
 *
 * @throws EdgewiseError of kind usage.
 */
export async function assertCacheWritable(repository: string, revision: string): Promise<void> {
  if (!COMMIT.test(revision)) await assertOutput(join(repository, 'refs', revision));
  await assertFolder(join(repository, 'blobs'));
  await assertFolder(join(repository, 'snapshots'));
}

export async function rememberCommit(repository: string, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const file = join(repository, 'refs', revision);
  await makeCacheFolder(dirname(file));
  await writeFileAtomically(file, commit);
}

/**
 * Which of a model's files a snapshot holds: 'usable' has configuration and all weights, 'full' a tokenizer as well.
 */
export async function snapshotState(snapshot: string): Promise<'absent' | 'usable' | 'full'> {
  const has = (name: string): Promise<boolean> => isFile(join(snapshot, name));
  if (!(await has('config.json'))) return 'absent';
  if (!(await has('model.safetensors'))) {
    if (!(await has(SHARD_INDEX))) return 'absent';
    for (const shard of await snapshotShards(snapshot)) if (!(await has(shard))) return 'absent';
  }
  const tokenizer = (await has('tokenizer.json')) || ((await has('vocab.json')) && (await has('merges.txt')));
  return tokenizer ? 'full' : 'usable';
}

/**
 * Names of the weight files that a snapshot's index lists, checked to be plain names in the same folder.
 *
 * @throws EdgewiseError kind `checkpoint` where the index is too large, or is none.
 */
export async function snapshotShards(snapshot: string): Promise<string[]> {
  const file = join(snapshot, SHARD_INDEX);
  const { size } = await stat(file);
  if (size > LARGEST_INDEX) {
    throw new EdgewiseError('checkpoint', file, `has ${size} bytes, more than ${LARGEST_INDEX}`);
  }
  return shardNames(await readFile(file, 'utf8'), file);
}

/**
 * Puts one file into the cache: contents are checked against the hub's hash before anything gets a final name.
 *
 * @param open starts the transfer; not called when the blob is already there.
 */
export async function storeFile(
  repository: string,
  commit: string,
  file: RemoteFile,
  open: () => Promise<ReadableStream<Uint8Array>>,
  onBytes: (count: number) => void,
): Promise<void> {
  const blob = join(repository, 'blobs', file.hash.hex);
  const pointer = join(snapshotFolder(repository, commit), file.path);
  await makeCacheFolder(dirname(blob));
  await makeCacheFolder(dirname(pointer));
  const present = await statOrUndefined(blob);
  if (present?.size === file.size) {
    onBytes(file.size);
  } else {
    await fillFileAtomically(blob, async (handle) => {
      const hash = createHash(file.hash.kind === 'sha256' ? 'sha256' : 'sha1');
      if (file.hash.kind === 'git-sha1') hash.update(`blob ${file.size}\0`);
      let bytes = 0;
      for await (const chunk of unbroken(
        await open(),
        () => `${file.path} broke off after ${bytes} of ${file.size} bytes`,
      )) {
        bytes += chunk.byteLength;
        // A server that never ends must not fill the disk.
        if (bytes > file.size) throw new Error(`${file.path} is longer than the announced ${file.size} bytes`);
        hash.update(chunk);
        await handle.writeFile(chunk);
        onBytes(chunk.byteLength);
      }
      if (bytes < file.size) throw new Error(`${file.path} ended after ${bytes} of ${file.size} bytes`);
      if (hash.digest('hex') !== file.hash.hex) throw new Error(`${file.path} came with other contents than announced`);
    });
  }
  await rm(pointer, { force: true });
  await symlink(relative(dirname(pointer), blob), pointer).catch(async () => {
    // Windows without the right to make links.
    await copyFile(blob, `${pointer}.incomplete`);
    await rename(`${pointer}.incomplete`, pointer);
  });
}

/** The same chunks; an error on the way (a bare 'terminated') becomes one that says what broke. */
async function* unbroken(stream: ReadableStream<Uint8Array>, what: () => string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw new Error(what(), { cause: error });
  }
}

async function makeCacheFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((error: unknown) => {
    throw systemFault('usage', folder, 'the folder cannot be made', error);
  });
}
