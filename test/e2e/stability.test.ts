/** `stability`, `combine` and scores per prompt from the command line: files, resuming, refusals. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents, journalledTests, killedAfter } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const at = (name: string): string => join(folder.path, name);
let run: string[];

beforeAll(async () => {
  const rows = tinyRows(4).map((row, n) => ({ ...row, meta: { template: n % 2 } }));
  run = ['--model', TINY_MODEL, '--task', await writeRows(folder.path, 'pairs.jsonl', rows)];
});

interface Report {
  readonly jaccard: { readonly mean: number };
  readonly inclusion: readonly { readonly edge: string; readonly count: number }[];
  readonly draws: readonly string[];
  readonly null_control: { readonly shuffled: string } | null;
  readonly card: readonly string[];
}

test('draws from a pass and from scores that were kept give the same files', async () => {
  const method = ['--method', 'eap', '--metric', 'logit-diff'];
  const kept = await cliJson<{ per_prompt: string }>([
    'attribute',
    ...run,
    ...method,
    '--per-prompt',
    '--out',
    at('eap'),
  ]);
  expect(kept.per_prompt).toBe(join(at('eap'), 'scores-per-prompt.safetensors'));
  await writeFile(at('draws.json'), JSON.stringify([[0, 0, 1], [3, 2, 1, 0], [2]]));
  const stability = ['stability', ...run, ...method, '--edges', '20', '--resamples', at('draws.json')];
  const report = await cliJson<Report>([...stability, '--out', at('passes')]);
  expect(report.draws).toHaveLength(3);
  expect(report.inclusion.reduce((sum, { count }) => sum + count, 0)).toBe(60);
  expect(report.null_control!.shuffled).toBe('answers');
  const text = await cli([...stability, '--scores-per-prompt', kept.per_prompt, '--out', at('kept')]);
  expect(text).toContain(report.card[0]);
  expect((await readdir(at('kept'))).toSorted()).toEqual(['circuit.gexf', 'circuit.json', 'stability.json']);
  expect(await contents(at('kept'))).toEqual(await contents(at('passes')));
  const { edgewise } = JSON.parse(await readFile(at('kept/circuit.json'), 'utf8')) as {
    edgewise: { stability: Record<string, number[]> };
  };
  for (const { edge, count } of report.inclusion) expect(edgewise.stability[edge]!.slice(0, 2)).toEqual([count, 3]);

  const other = [
    ...stability,
    '--scores-per-prompt',
    kept.per_prompt,
    '--input',
    'token+position',
    '--out',
    at('other'),
  ];
  expectMistake(await runCli(other, { env: NO_ADAPTER }), 'holds scores of a run that differs in input');
  expectMistake(
    await runCli(['discover', ...run, ...method, '--edges', '20', '--out', at('kept')], { env: NO_ADAPTER }),
    'differs in',
  );
});

test('a search that is killed goes on, and ends in the same bytes', async () => {
  const args = ['stability', ...run, '--method', 'acdc', '--threshold', '0.01', '--over', 'templates'];
  await cli([...args, '--out', at('whole')]);
  const whole = await contents(at('whole'));
  const resumed = [...args, '--resume', '--out', at('killed')];
  let last = 0;
  for (const tests of process.env['EDGEWISE_ALL_RUNS'] === '1' ? [20, 150] : [150]) {
    const { code, stderr } = await killedAfter(resumed, at('killed'), tests);
    expect(code, stderr).not.toBe(1);
    const now = journalledTests(at('killed'));
    expect(now).toBeGreaterThan(last);
    last = now;
  }
  const { stderr, code } = await runCli(resumed);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/going on after \d+ tests? of the interrupted run/);
  expect(await contents(at('killed'))).toEqual(whole);
  expect((JSON.parse(whole['stability.json']!) as Report).draws).toEqual(['without 0', 'without 1']);
});

test('score files are combined, and are scores again', async () => {
  for (const method of ['eap', 'clean-corrupted']) {
    await cli(['attribute', ...run, '--method', method, '--out', at(`scores-${method}`)]);
  }
  const files = ['eap', 'clean-corrupted'].map((method) => at(`scores-${method}/scores.json`));
  const report = await cliJson<{ scored: number; file: string }>(['combine', ...files, '--out', at('both.json')], {
    env: NO_ADAPTER,
  });
  expect(report).toMatchObject({ scored: 370, file: at('both.json') });
  const scoreOf = async (path: string): Promise<number> =>
    (JSON.parse(await readFile(path, 'utf8')) as { edges: Record<string, { score: number }> }).edges['input->m0']!
      .score;
  const [a, b] = [await scoreOf(files[0]!), await scoreOf(files[1]!)];
  expect(await scoreOf(at('both.json'))).toBe((a + b) / 2);
  await cli(['export', at('both.json'), '--select', 'top:20', '--format', 'json', '--out', at('top.json')], {
    env: NO_ADAPTER,
  });
  const circuit = ['combine', files[0]!, at('whole/circuit.json'), '--out', at('none.json')];
  expectMistake(await runCli(circuit, { env: NO_ADAPTER }), 'scores other edges');
});

test.each([
  [['--edges', '20', '--over', 'orders'], 'orders: have no meaning for eap-ig-inputs'],
  [['--edges', '20', '--over', 'thresholds'], '--threshold'],
  [['--edges', '20', '--over', 'seeds'], 'is no template'],
  [['--edges', '20', '--over', 'templates', '--draws', '5'], '--draws'],
  [[], 'needs --edges'],
])('%j is refused', async (more, message) => {
  expectMistake(await runCli(['stability', ...run, ...more, '--out', at('x')], { env: NO_ADAPTER }), message);
});
