/** Runs of several searches that are killed in one of them, and go on. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cli, cliJson, useFolder } from '../support/cli.js';
import { contents, journalledTests, killedAfter } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface ScreenedReport {
  screening: { retested: number };
  tested: number;
  plain: { tested: number };
}

const ALL = process.env['EDGEWISE_ALL_RUNS'] === '1';
/** After which shares of its tests a run of several searches is killed, one time after the other. */
const SHARES = ALL ? [0.02, 0.3, 0.7] : [0.3];
/** The search alone, without what is measured afterwards. */
const ALONE = ['--no-in-circuit', '--no-details'];

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
const journals = (out: string): string[] => readdirSync(out).filter((name) => name.startsWith('search'));
let discover: string[];

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  discover = ['discover', '--model', TINY_MODEL, '--task', task];
});

test('screened: while it tests near the cutoff, searches, and compares', async () => {
  const screening = ['--method', 'screened', '--threshold', '0.002', '--screen', '0.001', '--compare'];
  const screened = [...discover, ...screening, ...ALONE];
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
  const edges = [...discover, '--edges', '100', '--threshold', '0.5', ...ALONE];
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
