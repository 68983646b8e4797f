/** Journals of interrupted searches that a run does not go on with, or not with all of them. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents, contentsButLocks, killedAfter } from '../support/interrupted.js';
import { TINY_MEMORY, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const JOURNAL = 'search.jsonl';
const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let discover: string[];
let files: Record<string, string>;

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  discover = ['discover', '--model', TINY_MODEL, '--task', task];
  await cli([...discover, '--out', inFolder('whole')]);
  files = await contents(inFolder('whole'));
  await killedAfter(resume(inFolder('interrupted')), inFolder('interrupted'), 20);
});

const resume = (out: string): string[] => [...discover, '--resume', '--out', out];

/** A folder with the journal of a search that was killed after twenty tests or more. */
async function interrupted(name: string): Promise<string> {
  const out = inFolder(name);
  await mkdir(out);
  await copyFile(join(inFolder('interrupted'), JOURNAL), join(out, JOURNAL));
  return out;
}

test('without --resume an interrupted run is neither gone on with nor written over', async () => {
  const out = await interrupted('refused');
  const before = await contentsButLocks(out);
  expectMistake(
    await runCli([...discover, '--out', out], { env: NO_ADAPTER }),
    /refused: holds a run that was interrupted: --resume goes on with it, --force starts anew$/,
  );
  expect(await contentsButLocks(out)).toEqual(before);
  await cli([...discover, '--force', '--out', out]);
  expect(await contents(out)).toEqual(files);
});

test('what differs from the interrupted search is named, and nothing is touched', async () => {
  const out = await interrupted('other');
  const journal = join(out, 'search.jsonl');
  const text = await readFile(journal, 'utf8');
  const refused = async (options: readonly string[], ...patterns: readonly RegExp[]): Promise<void> => {
    const before = await readFile(journal, 'utf8');
    expectMistake(await runCli([...resume(out), ...options]), ...patterns, /; without --resume --force starts anew$/);
    expect(await readFile(journal, 'utf8')).toBe(before);
  };
  await refused(
    ['--prompts', '2'],
    /differs in prompts \(\{"count":3,"skip":0\} there, \{"count":2,"skip":0\} here\);/,
  );
  await refused(
    ['--metric', 'nll', '--ablation', 'zero', '--direct-edges'],
    /search\.jsonl: is of a search that differs in ablation \("resample" there, "zero" here\), metric/,
    /metric \("kl" there, "nll" here\), directEdges \(false there, true here\);/,
  );
  await refused(['--threshold', '0.5'], /differs in threshold \(0\.05 there, 0\.5 here\);/);
  // One of another device, another version, another checkpoint.
  for (const key of ['tile', 'adapter', 'engine']) {
    await writeFile(journal, text.replace(new RegExp(`"${key}":"[^"]*"`), `"${key}":"another"`));
    await refused([], new RegExp(`differs in ${key} \\("another" there, "[^"]+" here\\);`));
  }
  await writeFile(journal, text.replace(/"hash":"[0-9a-f]{64}"/, `"hash":"${'0'.repeat(64)}"`));
  await refused([], /differs in model \(/);
  // How many edges are tested at once and the memory may change: they change no result.
  await writeFile(journal, text);
  await cli([...resume(out), '--batch', '3', '--memory', TINY_MEMORY]);
  expect(await contents(out)).toEqual(files);
});

test('a broken journal is refused by its line', async () => {
  const out = await interrupted('broken');
  const journal = join(out, 'search.jsonl');
  const lines = (await readFile(journal, 'utf8')).split('\n');
  for (const [line, message] of [
    ['{', 'line 3: not valid JSON'],
    ['["nobody->logits",0.5,0.5,0.5]', "line 3: expected an edge's name and a number for each prompt"],
    ['["m2->logits"]', "line 3: expected an edge's name and a number for each prompt"],
    [lines[2]!.replace(/0\./, '1.'), 'line 3: is damaged, or a line before it is missing: its check does not agree'],
  ] as const) {
    await writeFile(journal, lines.with(2, line).join('\n'));
    expectMistake(await runCli(resume(out)), message);
  }
  const other = withCheck('["input->logits",0.5,0.5,0.5]', lines[1]!);
  await writeFile(journal, [...lines.slice(0, 2), other, ''].join('\n'));
  expectMistake(
    await runCli(resume(out)),
    /search\.jsonl: its test 1 is of input->logits, this search would test a2\.h4->logits; --keep-before goes on from the 1 test before it, without --resume --force starts anew$/,
  );
});

/** A test's line with its check, after the line of another test. */
function withCheck(row: string, before: string): string {
  const [check] = (JSON.parse(before) as unknown[]).slice(-1);
  const body = row.slice(0, -1);
  const own = createHash('sha256').update(String(check)).update(body).digest('hex').slice(0, 12);
  return `${body},"${own}"]`;
}

test('what stands before the damage is kept on request', async () => {
  const out = await interrupted('kept');
  const journal = join(out, 'search.jsonl');
  const lines = (await readFile(journal, 'utf8')).split('\n');
  await writeFile(journal, lines.with(6, '{"a":1}').join('\n'));
  expectMistake(
    await runCli(resume(out)),
    /search\.jsonl: line 7: expected .*; --keep-before goes on from the 5 tests before it, without --resume --force starts anew$/,
  );
  expectMistake(
    await runCli([...discover, '--keep-before', '--out', out], { env: NO_ADAPTER }),
    '--keep-before: goes with --resume',
  );
  const { code, stderr } = await runCli([...resume(out), '--keep-before']);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^note: .*search\.jsonl: line 7: expected .*; cut off there, 5 tests kept$/m);
  expect(stderr).toMatch(/^going on after 5 tests of the interrupted run$/m);
  expect(await contents(out)).toEqual(files);
});

describe('a journal that the run would not go on with is named and stays', () => {
  const acdc = (out: string, ...options: string[]): string[] => [...resume(out), ...options];
  const refused = async (out: string, args: readonly string[], ...patterns: readonly RegExp[]): Promise<void> => {
    const before = await contentsButLocks(out);
    const result = await runCli(args, { env: NO_ADAPTER });
    expectMistake(result, ...patterns, /; without --resume --force starts anew$/);
    expect(await contentsButLocks(out)).toEqual(before);
  };
  const otherTask = (): Promise<string> => writeRows(folder.path, 'other.jsonl', tinyRows(4).slice(1));

  test('of one threshold, where several are asked for, a number of edges, another method or task', async () => {
    const out = await interrupted('single-journal');
    const several = /search\.jsonl: .* differs in thresholds \(null there, \[0\.3,0\.05\] here\)/;
    await refused(out, acdc(out, '--threshold', '0.3,0.05'), several);
    await refused(
      out,
      acdc(out, '--edges', '9'),
      /differs in edges \(null there, 9 here\), start \(null there, 0\.05 here\)/,
    );
    await refused(out, acdc(out, '--threshold', '0.3'), /differs in threshold \(0\.05 there, 0\.3 here\)/);
    await refused(out, acdc(out, '--task', await otherTask()), /search\.jsonl: .* differs in task \(\{"name":"pairs"/);
    const screened = acdc(out, '--method', 'screened');
    await refused(out, screened, /search\.jsonl: .* differs in method \("acdc" there, "screened" here\)/);
    const exact = ['attribute', ...resume(out).slice(1), '--method', 'exact', '--metric', 'kl'];
    await refused(out, exact, /search\.jsonl: .* differs in method \("acdc" there, "exact" here\)/);
    await cli(resume(out));
    expect(await contents(out)).toEqual(files);
  });

  test('of several thresholds, where others are asked for, one of them alone, or another task', async () => {
    const out = await interrupted('single-header');
    const [header, ...tests] = (await readFile(join(out, 'search.jsonl'), 'utf8')).split('\n').slice(0, 6);
    const several = inFolder('several-journals');
    await mkdir(several);
    for (const threshold of ['0.3', '0.06']) {
      const key = { ...(JSON.parse(header!) as object), threshold: Number(threshold), thresholds: [0.3, 0.06] };
      await writeFile(join(several, `search-${threshold}.jsonl`), [JSON.stringify(key), ...tests, ''].join('\n'));
    }
    const differs = (here: string): RegExp =>
      new RegExp(`search-0\\.\\d+\\.jsonl: .* differs in thresholds \\(\\[0\\.3,0\\.06\\] there, ${here} here\\)`);
    await refused(several, acdc(several, '--threshold', '0.3,0.1'), differs('\\[0\\.3,0\\.1\\]'));
    await refused(several, acdc(several, '--threshold', '0.06,0.02'), differs('\\[0\\.06,0\\.02\\]'));
    await refused(several, acdc(several, '--threshold', '0.06'), differs('null'));
    await refused(several, acdc(several, '--edges', '9'), differs('null'));
    const list = acdc(several, '--threshold', '0.3,0.06');
    await refused(several, [...list, '--task', await otherTask()], /search-0\.\d+\.jsonl: .* differs in task/);
    await refused(several, [...list, '--metric', 'nll'], /differs in metric \("kl" there, "nll" here\)/);
    const { stderr, code } = await runCli(list);
    expect(code, stderr).toBe(0);
    expect(stderr.match(/^going on after \d+ tests of the interrupted run$/gm)).toHaveLength(2);
  });
});
