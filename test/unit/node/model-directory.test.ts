import { mkdtemp, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openModelDirectory } from '../../../src/node/model-directory.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-'));
  await writeFile(join(folder, 'file'), Uint8Array.of(0, 1, 2, 3, 4));
  await mkdir(join(folder, 'folder'));
});
afterEach(() => rm(folder, { recursive: true }));

test('files of a folder are read in ranges', async () => {
  const directory = await openModelDirectory(folder);
  const file = (await directory.open('file'))!;
  expect(file.name).toBe(join(folder, 'file'));
  expect(file.size).toBe(5);
  expect([...(await file.read(1, 3))]).toEqual([1, 2, 3]);
  expect([...(await file.read(5, 0))]).toEqual([]);
});

test('what is no file is undefined', async () => {
  const directory = await openModelDirectory(folder);
  expect(await directory.open('absent')).toBeUndefined();
  expect(await directory.open('folder')).toBeUndefined();
});

test('what is no folder is refused', async () => {
  await expect(openModelDirectory(join(folder, 'absent'))).rejects.toThrow(/absent: no such folder$/);
  await expect(openModelDirectory(join(folder, 'file'))).rejects.toThrow(/file: is not a folder$/);
});

test('a file that shrank or vanished after it was opened is an error, never zeros', async () => {
  const file = (await (await openModelDirectory(folder)).open('file'))!;
  await truncate(file.name, 2);
  await expect(file.read(1, 3)).rejects.toThrow('ends at byte 2, expected 4');
  await rm(file.name);
  await expect(file.read(0, 1)).rejects.toThrow('cannot be read: there is no such file or folder');
});
