/** Two commands and one folder: never are both written, and nothing that is there is damaged. */
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cli, expectMistake, finished, NO_ADAPTER, runCli, startCli, useFolder } from '../support/cli.js';
import { contents, journalledTests } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let task: string;
const attribute = (out: string, ...options: string[]): string[] => [
  'attribute',
  '--model',
  TINY_MODEL,
  '--task',
  task,
  '--method',
  'exact',
  '--out',
  out,
  ...options,
];
const discover = (out: string, ...options: string[]): string[] => [
  'discover',
  '--model',
  TINY_MODEL,
  '--task',
  task,
  '--threshold=-1',
  '--negative-threshold',
  '--no-details',
  '--no-in-circuit',
  '--out',
  out,
  ...options,
];

const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';
/** Three are the whole proof; one is made always. */
const ROUNDS = ALL_RUNS ? 3 : 1;

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
});

/** Waits until the journals in a folder hold so many tests, and fails where a run ends before. */
async function journalled(out: string, tests: number, ...runs: readonly ChildProcess[]): Promise<void> {
  while (journalledTests(out) < tests) {
    expect(runs.map(({ exitCode }) => exitCode)).toContain(null);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('two that go on with one journal, both killed, leave one that can be gone on with', async () => {
  const whole = inFolder('whole');
  await cli(attribute(whole));
  for (let round = 0; round < ROUNDS; round++) {
    const out = inFolder(`both-${round}`);
    const both = [startCli(attribute(out, '--resume')), startCli(attribute(out, '--resume'))];
    const ends = both.map(finished);
    await journalled(out, 20, ...both);
    for (const one of both) one.kill('SIGKILL');
    await Promise.all(ends);
    await cli(attribute(out, '--resume'));
    expect(await contents(out)).toEqual(await contents(whole));
  }
});

test('every command that writes there is refused while a search runs, which ends as if alone', async () => {
  const [alone, out] = [inFolder('alone'), inFolder('shared')];
  await cli(discover(alone));
  // One that lasts, so that all of the others meet it.
  const long = await writeRows(folder.path, 'long.jsonl', tinyRows(300));
  const search = startCli(discover(out, '--task', long));
  const end = finished(search);
  await journalled(out, 5, search);
  const message =
    /shared: another process writes into it \(process \d+\): wait until it ends, or choose another --out$/;
  const circuit = join(alone, 'circuit.json');
  const others = await Promise.all(
    [
      discover(out, '--force'),
      discover(out, '--resume'),
      attribute(out, '--force'),
      ['import', circuit, '--out', out, '--force'],
      ['import', circuit, '--out', join(out, 'circuit.json')],
      ['export', circuit, '--format', 'gexf', '--out', join(out, 'circuit.gexf')],
    ].map((args) => finished(startCli(args, { env: NO_ADAPTER }))),
  );
  for (const other of others) expectMistake(other, message);
  expect(search.exitCode).toBeNull();
  search.kill('SIGTERM');
  await end;
  expect(await readdir(out)).toEqual(['search.jsonl']);
  if (!ALL_RUNS) return; // others hold a search that goes on to the bytes of one that was not interrupted
  await cli(discover(out, '--task', long, '--resume'));
  await cli(discover(inFolder('long'), '--task', long));
  expect(await contents(out)).toEqual(await contents(inFolder('long')));
});

test('a folder of one of several thresholds is held too', async () => {
  const out = inFolder('several');
  // It lasts longer than the other command waits.
  const long = await writeRows(folder.path, 'several.jsonl', tinyRows(300));
  const search = startCli([...discover(out), '--task', long, '--threshold', '0.3,-1']);
  const end = finished(search);
  await journalled(out, 5, search);
  expectMistake(
    await runCli(discover(join(out, 'threshold-0.3')), { env: NO_ADAPTER }),
    /threshold-0\.3: another process writes into it/,
  );
  search.kill('SIGTERM');
  const { code, stderr } = await end;
  expect(code, stderr).toBe(143);
  // Neither locks nor folders without a result stay.
  expect((await readdir(out)).every((name) => /^search-.*\.jsonl$/.test(name))).toBe(true);
});

test("what a search that was killed left in its folder is in nobody's way", async () => {
  const out = inFolder('left');
  const search = startCli(discover(out));
  const end = finished(search);
  await journalled(out, 5, search);
  search.kill('SIGKILL');
  await end;
  const before = await readFile(join(out, 'search.jsonl'), 'utf8');
  const { code, stderr } = await runCli(discover(out, '--resume'));
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`going on after ${before.split('\n').length - 2} tests`);
});
