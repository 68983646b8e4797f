/** One process at a time writes into a folder. Others are real processes, which may be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomically } from '../../../src/node/atomic-write.js';
import { isLock, withFolders } from '../../../src/node/folder-lock.js';
import { assertOutput } from '../../../src/node/output.js';
import { bundleForNode, REPOSITORY } from '../../support/bundle.js';

let built: string;
let program: string;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'edgewise-lock-program-'));
  const entry = join(built, 'entry.ts');
  // Takes the folder, says so, and holds it until a line comes.
  await writeFile(
    entry,
    `import { withFolders } from ${JSON.stringify(join(REPOSITORY, 'src/node/folder-lock.ts'))};
     const line = () => new Promise((resolve) => process.stdin.once('data', resolve));
     process.stdout.write('ready\\n');
     await line();
     await withFolders([process.argv[2]], async () => {
       process.stdout.write('holds\\n');
       if ((await line()).toString().startsWith('exit')) process.exit(3);
     }).then(() => process.stdout.write('ended\\n'), (error) => process.stdout.write(error.message + '\\n'));
     process.stdin.destroy();`,
  );
  program = await bundleForNode(entry, built);
});
afterAll(() => rm(built, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-lock-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Another process, which is about to take the folder. */
async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  expect(await said(child)).toBe('ready');
  return child;
}

async function said(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout!, 'data')) as [Buffer];
  return text.toString().trim();
}

/** Lets the process go on to what it says next. */
async function next(child: ChildProcess, word = 'on'): Promise<string> {
  const answer = said(child);
  child.stdin!.write(`${word}\n`);
  return answer;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const locks = async (): Promise<string[]> => (await readdir(folder)).filter(isLock);

test('a process that runs is named, and whoever writes a file there is refused too', async () => {
  const other = await start();
  expect(await next(other)).toBe('holds');
  expect(await locks()).toHaveLength(1);
  const message = `${folder}: another process writes into it (process ${other.pid}): wait until it ends, or choose another --out`;
  await expect(withFolders([folder], async () => undefined)).rejects.toThrow(message);
  for (const write of [assertOutput, (path: string) => writeFileAtomically(path, 'x')]) {
    await expect(write(join(folder, 'circuit.json'))).rejects.toThrow(message);
  }
  expect(await next(other)).toBe('ended');
  expect(await readdir(folder)).toEqual([]);
  await withFolders([folder], () => writeFileAtomically(join(folder, 'circuit.json'), 'x'));
  expect(await readdir(folder)).toEqual(['circuit.json']);
});

test('one that was killed binds nobody, and what it left goes', async () => {
  const other = await start();
  expect(await next(other)).toBe('holds');
  await killed(other);
  expect(await locks()).toHaveLength(1);
  await withFolders([folder], async () => expect(await locks()).toHaveLength(1));
  expect(await readdir(folder)).toEqual([]);
});

test('of processes that find what a killed one left, never two go on', async () => {
  let winners = 0;
  for (let round = 0; round < 4; round++) {
    const dead = await start();
    expect(await next(dead)).toBe('holds');
    const racers = await Promise.all([start(), start(), start()]);
    await killed(dead);
    const answers = await Promise.all(racers.map((racer) => next(racer)));
    expect(answers.filter((answer) => answer === 'holds').length, answers.join('; ')).toBeLessThanOrEqual(1);
    winners += answers.filter((answer) => answer === 'holds').length;
    for (const answer of answers) if (answer !== 'holds') expect(answer).toContain('another process writes into it');
    await Promise.all(racers.map(killed));
    await withFolders([folder], async () => undefined);
    expect(await readdir(folder)).toEqual([]);
  }
  expect(winners).toBeGreaterThan(0);
});

describe('the folder is given back', () => {
  test.each([['exit'], ['on']])('by a process that ends by %s', async (word) => {
    const other = await start();
    expect(await next(other)).toBe('holds');
    const closed = once(other, 'close');
    other.stdin!.write(`${word}\n`);
    await closed;
    expect(await readdir(folder)).toEqual([]);
  });

  test('where what was to be done fails; a folder that was made for it goes too', async () => {
    const inside = join(folder, 'new', 'below');
    const failing = withFolders([folder, inside], async () => {
      expect(await readdir(inside)).toHaveLength(1);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a process of another machine is never taken for dead; its file is named', async () => {
  const name = '.edgewise-0123456789abcdef-1-1.lock';
  await writeFile(join(folder, name), 'far\u001baway\n');
  await expect(withFolders([folder], async () => undefined)).rejects.toThrow(
    `(process 1 on "far\\u001baway"): wait until it ends, or choose another --out; if it runs no more, remove ${name} in that folder`,
  );
  expect(await readdir(folder)).toEqual([name]);
});

test('a file of another name is no lock', () => {
  for (const name of ['.edgewise-x.lock', 'edgewise.lock', '.edgewise-0123456789abcdef-1-1.lock.tmp']) {
    expect(isLock(name)).toBe(false);
  }
});
