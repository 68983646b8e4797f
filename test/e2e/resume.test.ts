/** Searches that are interrupted, at any moment, and go on. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.js';
import { cli, cliJson, expectMistake, finished, NO_ADAPTER, runCli, startCli, useFolder } from '../support/cli.js';
import { contents, contentsButLocks, journalledTests, killedAfter } from '../support/interrupted.js';
import { fixture } from '../support/fixtures.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface ScreenedReport {
  screening: { retested: number };
  tested: number;
  plain: { tested: number };
}

const ALL = process.env['EDGEWISE_ALL_RUNS'] === '1';
/** How often a search is killed. Ten times each is the whole proof; a few are made always. */
const KILLS = ALL ? 10 : 2;
/** After which shares of its tests a run of several searches is killed, one time after the other. */
const SHARES = ALL ? [0.02, 0.3, 0.7] : [0.3];

/** 2 layers of 4 heads on 2 key/value heads. */
const GROUPED_MODEL = fixture('families/llama_pad');

const FILES = ['circuit.gexf', 'circuit.json', 'details.json', 'trace.jsonl'];
/** GB; of the three prompts of 5 tokens it takes them one by one. */
const MEMORY = '0.00016';
const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let discover: string[];
let files: Record<string, string>;

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  discover = ['discover', '--model', TINY_MODEL, '--task', task];
  await cli([...discover, '--out', inFolder('whole')]);
  files = await contents(inFolder('whole'));
});

const resume = (out: string): string[] => [...discover, '--resume', '--out', out];
const tested = (): number => files['trace.jsonl']!.trimEnd().split('\n').length;

test('killed at random moments, it ends in the same bytes', async () => {
  const out = inFolder('killed');
  const rng = createRng(11);
  const moments = Array.from({ length: KILLS }, () => rng.below(tested())).sort((a, b) => a - b);
  let last = 0;
  for (const [i, moment] of moments.entries()) {
    const { code, stderr } = await killedAfter(resume(out), out, Math.max(moment, last + 1));
    expect(code, stderr).not.toBe(1);
    const now = journalledTests(out);
    // What was measured is never lost, and it is gone on from.
    expect(now).toBeGreaterThanOrEqual(last);
    if (last > 0) expect(stderr).toMatch(new RegExp(`^going on after ${last} tests? of the interrupted run$`, 'm'));
    last = now;
    // A line that the kill cut short.
    if (i % 3 === 0 && existsSync(join(out, 'search.jsonl'))) {
      await appendFile(join(out, 'search.jsonl'), '["input->a0.h0<q>",0.');
    }
  }
  expect(last).toBeGreaterThan(10);
  await cli(resume(out));
  expect(await contents(out)).toEqual(files);
});

test('killed at random times, it ends in the same bytes', async () => {
  const out = inFolder('timed');
  const rng = createRng(12);
  for (let i = 0; i < KILLS; i++) {
    const child = startCli(resume(out));
    const end = finished(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), 200 + rng.below(1500));
    const { code, stderr } = await end;
    clearTimeout(timer);
    expect(code, stderr).not.toBe(1);
  }
  await cli(resume(out));
  expect(await contents(out)).toEqual(files);
});

test('over shared key and value ports, too', async () => {
  const task = await writeRows(folder.path, 'shared.jsonl', tinyRows(1));
  const search = ['discover', '--model', GROUPED_MODEL, '--kv-ports', 'grouped', '--task', task, '--no-details'];
  const [whole, out] = [inFolder('grouped whole'), inFolder('grouped')];
  await cli([...search, '--out', whole]);
  const wanted = await contents(whole);
  const tests = wanted['trace.jsonl']!.trimEnd().split('\n').length;
  for (const share of [0.2, 0.6]) {
    await killedAfter([...search, '--resume', '--out', out], out, Math.ceil(share * tests));
    expect(journalledTests(out)).toBeGreaterThanOrEqual(share * tests);
  }
  const otherwise = ['discover', '--model', GROUPED_MODEL, '--task', task, '--no-details'];
  expectMistake(await runCli([...otherwise, '--resume', '--out', out]), /kv/);
  const { stderr } = await runCli([...search, '--resume', '--out', out]);
  expect(stderr).toMatch(/^going on after \d+ tests of the interrupted run$/m);
  expect(await contents(out)).toEqual(wanted);
  expect(JSON.parse(wanted['circuit.json']!)).toMatchObject({ cfg: { n_kv_ports: 2 } });
});

test('without --resume an interrupted run is neither gone on with nor written over', async () => {
  const out = inFolder('refused');
  await killedAfter(resume(out), out, 20);
  const before = await contentsButLocks(out);
  expectMistake(
    await runCli([...discover, '--out', out], { env: NO_ADAPTER }),
    /refused: holds a run that was interrupted: --resume goes on with it, --force starts anew$/,
  );
  expect(await contentsButLocks(out)).toEqual(before);
  await cli([...discover, '--force', '--out', out]);
  expect(await contents(out)).toEqual(files);
});

test('--resume where there is nothing to go on with starts, and stays silent', async () => {
  const { stderr, code } = await runCli(resume(inFolder('nothing')));
  expect(code).toBe(0);
  expect(stderr).not.toContain('going on');
  expect(await contents(inFolder('nothing'))).toEqual(files);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s tells how to go on', async (signal, status) => {
  const out = inFolder(signal);
  const { code, stdout, stderr } = await killedAfter(
    [...discover, '--threshold=-1', '--negative-threshold', '--out', out],
    out,
    5,
    signal,
  );
  expect(code).toBe(status);
  expect(Object.keys(await contents(out))).toEqual(['search.jsonl']);
  expect(stdout).toBe('');
  const told = /^interrupted after (\d+) tests: the same command with --resume goes on from there$/m.exec(stderr);
  expect(Number(told?.[1])).toBeLessThanOrEqual(journalledTests(out));
  expect(Number(told?.[1])).toBeGreaterThanOrEqual(4);
});

test('what differs from the interrupted search is named, and nothing is touched', async () => {
  const out = inFolder('other');
  await killedAfter(resume(out), out, 10);
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
  await cli([...resume(out), '--batch', '3', '--memory', MEMORY]);
  expect(await contents(out)).toEqual(files);
});

test('a broken journal is refused by its line', async () => {
  const out = inFolder('broken');
  await killedAfter(resume(out), out, 10);
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
  const out = inFolder('kept');
  await killedAfter(resume(out), out, 10);
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

test('killed while it writes leaves whole files only', async () => {
  const out = inFolder('writing');
  const child = startCli([...discover, '--out', out]);
  const end = finished(child);
  const timer = setInterval(() => {
    if (existsSync(join(out, 'circuit.json'))) child.kill('SIGKILL');
  }, 1);
  await end;
  clearInterval(timer);
  for (const [name, text] of Object.entries(await contents(out))) {
    if (FILES.includes(name)) expect(text).toBe(files[name]);
    else expect(name).toMatch(/^\..*\.tmp$|^search\.jsonl$/);
  }
  await cli(resume(out));
  expect(await contents(out)).toEqual(files);
});

test('what a killed run left behind is cleared away', async () => {
  const out = inFolder('leftover');
  await mkdir(out);
  await writeFile(join(out, '.circuit.json.0123456789ab.tmp'), '{"cfg"');
  await cli([...discover, '--out', out]);
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
    const out = inFolder('single-journal');
    await killedAfter(resume(out), out, 10);
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
    const out = inFolder('single-header');
    await killedAfter(resume(out), out, 5);
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

test('too little memory leaves no journal and says nothing of --resume; the corrected command runs', async () => {
  const [, ...rest] = discover;
  for (const [name, args] of Object.entries({
    acdc: discover,
    several: [...discover, '--threshold', '0.3,0.06', '--no-details', '--no-in-circuit'],
    screened: [...discover, '--method', 'screened', '--retest', '5', '--no-details', '--no-in-circuit'],
    exact: ['attribute', ...rest, '--method', 'exact', '--metric', 'kl'],
  })) {
    const out = inFolder(`memory-${name}`);
    const result = await runCli([...args, '--out', out, '--memory', '0.00001']);
    expectMistake(result, /memory plan: the run takes [\d.]+ MB one prompt at a time, the limit is 0\.01 MB/);
    expect(result.stderr, name).not.toContain('--resume');
    expect(existsSync(out) ? readdirSync(out) : [], name).toEqual([]);
    if (ALL || name === 'exact') await cli([...args, '--out', out, '--memory', MEMORY]);
  }
});

describe('in whatever phase it is killed, a run ends in the bytes of one that was not', () => {
  const journals = (out: string): string[] => readdirSync(out).filter((name) => name.startsWith('search'));

  test('screened: while it tests near the cutoff, searches, and compares', async () => {
    const screening = ['--method', 'screened', '--threshold', '0.002', '--screen', '0.001', '--compare'];
    const screened = [...discover, ...screening, '--no-in-circuit'];
    const whole = inFolder('screened-whole');
    const report = await cliJson<ScreenedReport>([...screened, '--out', whole]);
    const [retested, inside] = [report.screening.retested, report.tested];
    const out = inFolder('screened-killed');
    const phases = [
      [retested / 10, ['search-retest.jsonl']],
      [retested + inside / 10, ['search-retest.jsonl', 'search.jsonl']],
      [retested + inside + report.plain.tested / 10, ['search-plain.jsonl', 'search-retest.jsonl', 'search.jsonl']],
    ] as const;
    // In the last phase all three journals are gone on with.
    for (const [tests, held] of ALL ? phases : phases.slice(2)) {
      const before = journalledTests(out);
      const { stderr } = await killedAfter([...screened, '--resume', '--out', out], out, Math.round(tests));
      expect(journals(out).toSorted()).toEqual(held);
      expect(journalledTests(out)).toBeGreaterThan(before);
      if (before > 0) expect(stderr).toMatch(/^going on after \d+ tests of the interrupted run$/m);
    }
    await cli([...screened, '--resume', '--out', out]);
    expect(await contents(out)).toEqual(await contents(whole));
  });

  test('a number of edges: in any of its searches', async () => {
    const edges = [...discover, '--edges', '100', '--threshold', '0.5', '--no-in-circuit'];
    const whole = inFolder('edges-whole');
    await cli([...edges, '--out', whole]);
    const table = (await contents(whole))['thresholds.json']!;
    const { searches } = JSON.parse(table) as { searches: { threshold: number; tested: number }[] };
    expect(searches.length).toBeGreaterThan(3);
    const total = searches.reduce((sum, { tested: tests }) => sum + tests, 0);
    const out = inFolder('edges-killed');
    let last = 0;
    for (const share of SHARES) {
      const { stderr } = await killedAfter([...edges, '--resume', '--out', out], out, Math.ceil(share * total));
      const now = journalledTests(out);
      expect(now).toBeGreaterThanOrEqual(Math.max(last, share * total));
      if (last > 0) expect(stderr).toMatch(/^going on after \d+ tests? of the interrupted run$/m);
      last = now;
    }
    await cli([...edges, '--resume', '--out', out]);
    expect(await contents(out)).toEqual(await contents(whole));
  });
});
