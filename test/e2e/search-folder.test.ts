/** Which searches may write into a folder that holds a search, a table of them, or something of the user. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const FILES = ['circuit.gexf', 'circuit.json', 'details.json', 'trace.jsonl'];
const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
const search = (out: string, ...options: string[]): string[] => [
  'discover',
  '--model',
  TINY_MODEL,
  '--task',
  inFolder('pairs.jsonl'),
  '--out',
  inFolder(out),
  ...options,
];

beforeAll(async () => {
  await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
  await writeRows(folder.path, 'other.jsonl', tinyRows(3).slice(1));
});

const otherTask = (): string[] => ['--task', inFolder('other.jsonl')];

/** Refused before an adapter is asked for, and the folder stays as it is. */
async function expectRefused(out: string, options: readonly string[], what: string | RegExp): Promise<void> {
  const files = await contents(inFolder(out));
  expectMistake(await runCli(search(out, ...options), { env: NO_ADAPTER }), what);
  expect(await contents(inFolder(out))).toEqual(files);
}

const expectOtherRun = (out: string, options: readonly string[], differs: string): Promise<void> =>
  expectRefused(
    out,
    options,
    new RegExp(
      `${out}: holds the result of a run that differs in ${differs}; use --force to replace it, or another --out$`,
    ),
  );

async function foldersIn(out: string): Promise<string[]> {
  const entries = await readdir(inFolder(out), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The same again writes the same again. */
async function expectRepeatable(out: string, ...options: readonly string[]): Promise<void> {
  const files = await contents(inFolder(out));
  await cli(search(out, ...options));
  expect(await contents(inFolder(out))).toEqual(files);
}

describe('one threshold', () => {
  beforeAll(async () => {
    await cli(search('one', '--threshold', '0.3'));
  });

  test('is no place for several, nor for a number of edges', async () => {
    await expectOtherRun('one', ['--threshold', '0.3,0.06'], 'thresholds');
    await expectOtherRun('one', ['--threshold', '0.3', '--edges', '5'], 'edges, start');
    await expectOtherRun('one', ['--threshold', '0.3,0.06', ...otherTask()], 'task, thresholds');
    await expectRepeatable('one', '--threshold', '0.3');
  });

  test('is replaced by several with --force, which can then be repeated', async () => {
    await cli(search('forced', '--threshold', '0.3', '--no-details', '--no-in-circuit'));
    const several = ['--threshold', '0.3,0.06', ...otherTask()];
    await cli(search('forced', ...several, '--force'));
    // Nothing stays of the search that was replaced.
    expect(Object.keys(await contents(inFolder('forced'))).filter((path) => !path.includes('/'))).toEqual([
      'thresholds.json',
    ]);
    await expectRepeatable('forced', ...several);
    await cli(search('forced', '--threshold', '0.3,0.02', ...otherTask(), '--force'));
    expect(await foldersIn('forced')).toEqual(['threshold-0.02', 'threshold-0.3']);
    await cli(search('forced', '--threshold', '0.3', '--force'));
    expect(await foldersIn('forced')).toEqual([]);
  });
});

describe('several thresholds', () => {
  const LIST = ['--threshold', '0.3,0.06'];

  beforeAll(async () => {
    await cli(search('several', ...LIST));
  });

  test('the same again, in any order, writes equal bytes', async () => {
    await expectRepeatable('several', ...LIST);
    await expectRepeatable('several', '--threshold', '0.06,0.3');
  });

  test('are no place for another list, another run, a single search or a number of edges', async () => {
    await expectOtherRun('several', ['--threshold', '0.3,0.1'], 'thresholds');
    await expectOtherRun('several', ['--threshold', '0.3,0.06,0.1'], 'thresholds');
    await expectOtherRun('several', [...LIST, ...otherTask()], 'task');
    await expectOtherRun('several', [...LIST, '--metric', 'nll', '--prompts', '1'], 'prompts, metric');
    await expectOtherRun('several', ['--threshold', '0.3'], 'thresholds, threshold');
    await expectOtherRun('several', ['--threshold', '0.3', '--edges', '5'], 'thresholds, edges, start');
  });

  test('a folder of one of them that holds another run is named', async () => {
    await cli(search('partly/threshold-0.06', '--threshold', '0.06', '--prompts', '1'));
    await expectRefused(
      'partly',
      LIST,
      /threshold-0\.06: holds the result of a run that differs in prompts; use --force/,
    );
  });

  test('a run that was killed before its table was written can be repeated', async () => {
    const files = await contents(inFolder('several'));
    await rm(inFolder('several/thresholds.json'));
    await cli(search('several', ...LIST));
    expect(await contents(inFolder('several'))).toEqual(files);
  });
});

describe('a number of edges', () => {
  let kept: string;
  let first: string[];

  // The threshold to start at keeps just so many: a table all the same, of one search.
  beforeAll(async () => {
    kept = String((await cliJson<{ kept: number }>(search('start', '--threshold', '0.06'))).kept);
    first = ['--threshold', '0.06', '--edges', kept];
    await cli(search('edges', ...first));
  });

  test('has a table even where the first search keeps just so many', async () => {
    const { 'thresholds.json': text, ...files } = await contents(inFolder('edges'));
    expect(files).toEqual(await contents(inFolder('start')));
    const table = JSON.parse(text!) as { asked: object; searches: object[] };
    expect(table.asked).toEqual({ thresholds: null, edges: Number(kept), start: 0.06 });
    expect(table.searches).toEqual([expect.objectContaining({ threshold: 0.06, edges: Number(kept), written: true })]);
  });

  test('twice the same writes equal bytes, another number is refused', async () => {
    await expectRepeatable('edges', ...first);
    await expectOtherRun('edges', ['--threshold', '0.06', '--edges', String(Number(kept) + 9)], 'edges');
    await expectOtherRun('edges', ['--threshold', '0.3', '--edges', kept], 'start');
  });

  test('is no place for a single search, though it be the one that was found, nor for several', async () => {
    await expectOtherRun('edges', ['--threshold', '0.06'], 'edges, start');
    await expectOtherRun('edges', ['--threshold', '0.06,0.3'], 'thresholds, edges, start');
    await expectOtherRun('edges', [...first, ...otherTask()], 'task');
  });

  // The table is written first, as it says which run the folder is of.
  test('a run that was killed before its circuit was written can be repeated', async () => {
    const files = await contents(inFolder('edges'));
    await rm(inFolder('edges/circuit.json'));
    await cli(search('edges', ...first));
    expect(await contents(inFolder('edges'))).toEqual(files);
  });
});

describe("a file of the user's with the name of a journal", () => {
  const MINE = '{"clean_ids":[1,2],"corrupted_ids":[1,3]}\n';
  const withFile = async (out: string, name: string): Promise<string> => {
    await mkdir(inFolder(out), { recursive: true });
    await writeFile(join(inFolder(out), name), MINE);
    return join(inFolder(out), name);
  };

  test.each([
    [
      'search-pairs.jsonl',
      /is not empty and holds no result of this run; use --force to write into it, or another --out$/,
    ],
    // It would be in the journal's way, so that --force does not help.
    ['search.jsonl', /is there already and is no journal of a search; results need another folder$/],
  ])('%s alone makes a folder one that is not empty', async (name, message) => {
    const out = `alone-${name}`;
    await withFile(out, name);
    for (const options of [[], ['--resume']]) await expectRefused(out, options, message);
  });

  test('which no search writes to, it stays beside the results', async () => {
    const path = await withFile('beside', 'search-pairs.jsonl');
    const args = search('beside', '--threshold', '0.3');
    for (const options of [['--force'], [], ['--resume'], ['--resume', '--force']]) {
      await cli([...args, ...options]);
      expect(Object.keys(await contents(inFolder('beside')))).toEqual([
        ...FILES.slice(0, 3),
        'search-pairs.jsonl',
        'trace.jsonl',
      ]);
      expect(await readFile(path, 'utf8')).toBe(MINE);
    }
  });

  test('which the search would write to, it is named and stays', async () => {
    await cli(search('named', '--threshold', '0.3'));
    for (const [name, list] of [
      ['search.jsonl', '0.3'],
      ['search-0.06.jsonl', '0.3,0.06'],
    ] as const) {
      const path = await withFile('named', name);
      const before = await contents(inFolder('named'));
      for (const options of [['--force'], ['--force', '--resume'], ...(list === '0.3' ? [[], ['--resume']] : [])]) {
        const result = await runCli(search('named', '--threshold', list, ...options));
        expectMistake(result, `${path}: is there already and is no journal of a search; results need another folder`);
        expect(await readFile(path, 'utf8')).toBe(MINE);
      }
      const { 'search-0.3.jsonl': _, ...after } = await contents(inFolder('named'));
      expect(after).toEqual(before);
      await rm(path);
    }
  });
});
