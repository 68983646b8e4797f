/** Circuits that are asked for by how faithful they are to be. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliJson, expectMistake, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Found {
  kept: number;
  faithfulness: number;
  wanted: number;
  evaluations: number;
  check: { prompts: number; skip: number; faithfulness: number };
}

const folder = useFolder();
const QUICK = ['--no-details', '--no-in-circuit'];

test.each([
  ['acdc', []],
  ['screened', ['--retest', '5']],
  ['eap-ig-inputs', ['--metric', 'kl', '--greedy']],
])('%s finds a small circuit that is as faithful as asked, and says how it does elsewhere', async (method, more) => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(6));
  const out = join(folder.path, method);
  const discover = ['discover', '--model', TINY_MODEL, '--task', task, '--method', method, ...more, ...QUICK];
  const run = [...discover, '--prompts', '2', '--faithfulness', '0.8', '--check-prompts', '3', '--out', out];
  const printed = await cliJson<Found | { results: Found[] }>(run);
  const found = 'results' in printed ? printed.results[0]! : printed;
  expect(found).toMatchObject({ wanted: 0.8, check: { prompts: 3, skip: 2 } });
  expect(found.faithfulness).toBeGreaterThanOrEqual(0.8);
  expect(found.evaluations).toBeGreaterThan(3);
  // The file is that circuit: measured again on the same prompts, and on the others.
  const evaluate = ['evaluate', '--model', TINY_MODEL, '--task', task, '--circuit', out];
  const same = await cliJson<{ faithfulness: number }>([...evaluate, '--prompts', '2', '--metric', 'kl']);
  expect(same.faithfulness).toBeCloseTo(found.faithfulness, 6);
  const other = await cliJson<{ faithfulness: number }>([
    ...evaluate,
    '--prompts',
    '3',
    '--skip',
    '2',
    '--metric',
    'kl',
  ]);
  expect(other.faithfulness).toBeCloseTo(found.check.faithfulness, 6);
  const { edgewise } = JSON.parse(await readFile(join(out, 'circuit.json'), 'utf8')) as {
    edgewise: { provenance: { trimmed?: object; selection?: object } };
  };
  const { trimmed, selection } = edgewise.provenance;
  if (method === 'eap-ig-inputs') expect(selection).toMatchObject({ rule: 'greedy', faithfulness: 0.8 });
  else expect(trimmed).toMatchObject({ faithfulness: 0.8 });
});

test('what contradicts it is refused before a device is opened', async () => {
  const task = await writeRows(folder.path, 'few.jsonl', tinyRows(2));
  const run = (...flags: string[]) =>
    runCli(['discover', '--model', TINY_MODEL, '--task', task, '--out', join(folder.path, 'none'), ...flags]);
  expectMistake(
    await run('--faithfulness', '0.9', '--threshold', '0.1'),
    '--faithfulness: finds how much to keep, which --threshold says; give one of them',
  );
  expectMistake(
    await run('--faithfulness', '95', '--prompts', '1'),
    '--faithfulness: got 95, expected a number above 0 and at most 1',
  );
  expectMistake(
    await run('--check-prompts', '2', '--prompts', '1'),
    'few.jsonl: has 2 prompt pairs, but 2 after the first 1 were asked for',
  );
});
