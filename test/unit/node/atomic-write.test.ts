import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { fillFileAtomically, writeFileAtomically } from '../../../src/node/atomic-write.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-write-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('writes text and bytes, replaces what was there, and leaves nothing else', async () => {
  const file = join(folder, 'circuit.json');
  await writeFileAtomically(file, 'first, and longer');
  await writeFileAtomically(file, 'second');
  expect(await readFile(file, 'utf8')).toBe('second');
  await writeFileAtomically(join(folder, 'raw'), Uint8Array.of(1, 0, 255));
  expect([...(await readFile(join(folder, 'raw')))]).toEqual([1, 0, 255]);
  expect((await readdir(folder)).sort()).toEqual(['circuit.json', 'raw']);
});

test('an error half-way keeps the old contents and leaves no temporary file', async () => {
  const file = join(folder, 'trace.jsonl');
  await writeFile(file, 'old');
  const stop = new Error('stop');
  const filling = fillFileAtomically(file, async (handle) => {
    await handle.writeFile('half');
    throw stop;
  });
  await expect(filling).rejects.toBe(stop);
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['trace.jsonl']);
});

test('names the file and the reason when it cannot be written', async () => {
  const missing = join(folder, 'absent', 'a.json');
  await expect(writeFileAtomically(missing, '')).rejects.toThrow(
    `${missing}: cannot be written: its folder does not exist`,
  );
  await writeFile(join(folder, 'plain'), '');
  await expect(writeFileAtomically(join(folder, 'plain', 'a.json'), '')).rejects.toThrow(EdgewiseError);
  await mkdir(join(folder, 'taken'));
  await expect(writeFileAtomically(join(folder, 'taken'), '')).rejects.toThrow(/there is a folder of that name/);
  expect((await readdir(folder)).sort()).toEqual(['plain', 'taken']);
});

// Permissions do not bind root, who runs many containers: there the other reasons above stand for this one.
test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'a folder without permission is named',
  async () => {
    await chmod(folder, 0o500);
    await expect(writeFileAtomically(join(folder, 'a.json'), '')).rejects.toThrow(/cannot be written: no permission/);
    await chmod(folder, 0o700);
  },
);
