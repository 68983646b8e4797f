/** What may be written to: regular files and new names. */
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomically } from '../../../src/node/atomic-write.js';
import { assertOutput, outputTarget } from '../../../src/node/output.js';
import { assertFolder } from '../../../src/node/writable-folder.js';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'edgewise-output-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Refused by the check and by the write, in one line, and nothing changes. */
async function refused(path: string, message: string): Promise<void> {
  const before = await readdir(folder);
  for (const write of [assertOutput, (target: string) => writeFileAtomically(target, 'new')]) {
    const error: unknown = await write(path).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'usage', where: path });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('\n');
  }
  expect(await readdir(folder)).toEqual(before);
}

describe('a symbolic link', () => {
  test('stays, and what it leads to is replaced, over several links and into another folder', async () => {
    await mkdir(at('there'));
    await writeFile(at('there', 'file'), 'old');
    await symlink(join('there', 'file'), at('middle'));
    await symlink('middle', at('link'));
    await assertOutput(at('link'));
    await writeFileAtomically(at('link'), 'new');
    expect(await readlink(at('link'))).toBe('middle');
    expect(await readFile(at('there', 'file'), 'utf8')).toBe('new');
    expect(await readdir(at('there'))).toEqual(['file']);
  });

  test('to a new name makes the file there', async () => {
    await symlink(at('new'), at('link'));
    expect(await outputTarget(at('link'))).toBe(at('new'));
    await writeFileAtomically(at('link'), 'text');
    expect(await readFile(at('new'), 'utf8')).toBe('text');
  });

  test('in a loop is refused, as a file and as a folder', async () => {
    await symlink('b', at('a'));
    await symlink('a', at('b'));
    await refused(at('a'), 'its symbolic links lead in a loop');
    await expect(assertFolder(at('a', 'x'))).rejects.toThrow('its symbolic links lead in a loop');
    await expect(assertFolder(at('a'))).rejects.toThrow('leads to no folder');
  });

  test('to a folder that is not there is refused', async () => {
    await symlink(at('nowhere'), at('link'));
    await expect(assertFolder(at('link'))).rejects.toThrow(`the symbolic link ${at('link')} leads to no folder`);
    await expect(assertOutput(at('link', 'x'))).rejects.toThrow('leads to no folder');
  });
});

describe('what is no regular file is refused, by its kind', () => {
  test('a folder', async () => {
    await mkdir(at('folder'));
    await symlink('folder', at('link'));
    await refused(at('folder'), 'there is a folder of that name; name a file');
    await refused(at('link'), `it links to ${at('folder')}, and there is a folder of that name`);
  });

  // Windows has neither.
  test.skipIf(process.platform === 'win32')('a FIFO and a socket, which are not waited for', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    try {
      await symlink('fifo', at('link'));
      await refused(at('fifo'), 'there is a FIFO of that name; only a regular file is replaced');
      await refused(at('link'), 'there is a FIFO of that name; only a regular file is replaced');
      await refused(at('socket'), 'there is a socket of that name');
      await expect(assertFolder(at('fifo', 'x'))).rejects.toThrow(`${at('fifo')} is a FIFO, not a folder`);
      expect((await lstat(at('fifo'))).isFIFO()).toBe(true);
    } finally {
      server.close();
    }
  });

  test.skipIf(process.platform === 'win32')('a device', async () => {
    await symlink('/dev/null', at('link'));
    // The check alone: a write that went wrong would replace the device.
    await expect(assertOutput(at('link'))).rejects.toThrow('it links to /dev/null, and there is a device of that name');
    await expect(assertOutput('/dev/null')).rejects.toThrow('there is a device of that name');
  });
});

test('what stands in the way of a new file is named', async () => {
  await writeFile(at('file'), '');
  await refused(at('f'.repeat(300)), 'cannot be written: its name is too long');
  await expect(assertOutput(at('file', 'x'))).rejects.toThrow(`${at('file')} is a file, not a folder`);
  await assertOutput(at('new', 'below', 'x'));
  expect(await readdir(folder)).toEqual(['file']);
});

test('a name of the greatest length can be written', async () => {
  const name = 'é'.repeat(127);
  await writeFileAtomically(at(name), 'text');
  expect(await readdir(folder)).toEqual([name]);
});
