/** What evaluate says of how far a circuit, or scores, can be trusted. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseReport } from '../../src/files/index.js';
import { JUDGEMENT_NAMES } from '../../src/judge/judgements.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Printed {
  faithfulness: number;
  measures: Record<string, { verdict: string; sentence: string }>;
  curves: { selection: string; points: { n: number }[]; CPR: number; roc: { pessimistic_auc: number } }[];
}

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let run: string[];
let circuit: string[];

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(4));
  run = ['--model', TINY_MODEL, '--task', task, '--prompts', '4', '--metric', 'logit-diff'];
  const found = inFolder('found');
  await cli(['discover', ...run, '--threshold', '0.01', '--no-details', '--out', found]);
  await cli(['attribute', ...run, '--method', 'eap', '--out', inFolder('scores')]);
  circuit = ['--circuit', found];
});

test('every measure, with its draws; the same draws give the same, and a report that shows it', async () => {
  const [out, draws] = [inFolder('report'), inFolder('draws.json')];
  const asked = ['evaluate', ...run, ...circuit, '--measures', 'all'];
  const printed = await cliJson<Printed>([...asked, '--seed', '3', '--write-draws', draws, '--out', out]);
  expect(Object.keys(printed.measures)).toEqual(JUDGEMENT_NAMES.map((name) => name.replaceAll('-', '_')));
  for (const { verdict, sentence } of Object.values(printed.measures)) {
    expect(['good', 'bad', 'unknown']).toContain(verdict);
    expect(sentence).toMatch(/^[^.]{10,}/);
  }
  const again = await cliJson<Printed>([...asked, '--seed', '3', '--draws', draws]);
  expect(again).toEqual(printed);

  const text = await readFile(join(out, 'report.json'), 'utf8');
  const report = parseReport(text, 'report.json');
  expect(report.of).toMatchObject({ metric: 'logit-diff', prompts: { count: 4, skip: 0 } });
  expect(report.measures.map(({ name }) => name)).toEqual(JUDGEMENT_NAMES);
  expect(report.curve!.length).toBeGreaterThan(1);
  expect(report.per_prompt!.circuit).toHaveLength(4);
  const page = await readFile(join(out, 'report.html'), 'utf8');
  const embedded = /<script id="edgewise-report" type="application\/json">(.*?)<\/script>/s.exec(page)![1]!;
  expect(JSON.parse(embedded)).toEqual(JSON.parse(text));
});

test('in plain words on the terminal; what else lies in the folder of a report stays', async () => {
  const out = circuit[1]!;
  const before = await readdir(out);
  const printed = await cli(['evaluate', ...run, ...circuit, '--measures', 'necessity,ndf', '--out', out]);
  expect(printed).toMatch(/necessity.*(cutting it costs|needed)/);
  expect(printed).toMatch(/ndf/);
  expect(printed).not.toMatch(/sufficiency/);
  expect((await readdir(out)).toSorted()).toEqual([...before, 'report.html', 'report.json'].toSorted());
});

test('areas of scores, beside the edges of a circuit as the true ones', async () => {
  const scores = ['--scores', join(inFolder('scores'), 'scores.json')];
  const asked = ['evaluate', ...run, ...scores, '--measures', 'areas'];
  const both = await cliJson<Printed>([...asked, '--against', circuit[1]!]);
  expect(both.curves.map(({ selection }) => selection)).toEqual(['signed', 'absolute']);
  for (const { points, CPR, roc } of both.curves) {
    expect(points).toHaveLength(10);
    expect(Number.isFinite(CPR)).toBe(true);
    expect(roc.pessimistic_auc).toBeGreaterThan(0.5);
  }
  const one = await cliJson<Printed>([...asked, '--selection', 'absolute']);
  const { roc: _, ...absolute } = both.curves[1]!;
  expect(one.curves).toEqual([absolute]);
});

test.each<[string, () => string[], RegExp]>([
  ['an unknown measure', () => [...circuit, '--measures', 'fidelity'], /fidelity.*no measure.*faithfulness/],
  ['areas without scores', () => [...circuit, '--measures', 'areas'], /--measures areas: needs --scores/],
  ['true edges without scores', () => [...circuit, '--against', circuit[1]!], /--against: goes with --scores/],
  ['draws without measures', () => [...circuit, '--draws', 'd.json'], /--draws: goes with --measures/],
  ['a report of nothing', () => [...circuit, '--out', inFolder('r')], /--out: goes with --measures/],
  ['neither', () => ['--measures', 'all'], /--circuit: is needed/],
  [
    'a test that says nothing by KL',
    () => [...circuit, '--metric', 'kl', '--measures', 'equivalence'],
    /equivalence: says nothing by the metric kl/,
  ],
  ['draws for other prompts', () => [...circuit, '--measures', 'all', '--draws', inFolder('bad.json')], /bad\.json/],
])('refused before an adapter is asked for: %s', async (_, more, message) => {
  await writeFile(inFolder('bad.json'), '{"permutations": [[0, 1, 1, 3]]}');
  const [model, task] = [run.slice(0, 4), more()];
  expectMistake(await runCli(['evaluate', ...model, '--prompts', '4', ...task], { env: NO_ADAPTER }), message);
});
