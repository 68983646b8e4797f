/** Searches that are interrupted, at any moment, and go on. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.js';
import { cli, expectMistake, finished, runCli, startCli, useFolder } from '../support/cli.js';
import { contents, journalledTests, killedAfter } from '../support/interrupted.js';
import { fixture } from '../support/fixtures.js';
import { TINY_MEMORY, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const ALL = process.env['EDGEWISE_ALL_RUNS'] === '1';
/** How often a search is killed. Ten times each is the whole proof; a few are made always. */
const KILLS = ALL ? 10 : 2;

/** 2 layers of 4 heads on 2 key/value heads. */
const GROUPED_MODEL = fixture('families/llama_pad');

const FILES = ['circuit.gexf', 'circuit.json', 'details.json', 'trace.jsonl'];
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
    if (ALL || name === 'exact') await cli([...args, '--out', out, '--memory', TINY_MEMORY]);
  }
});
