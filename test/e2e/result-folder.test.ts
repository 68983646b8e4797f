/** Which runs may write into a folder that holds a result of methods that score. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let task: string;
const run = (command: 'discover' | 'attribute', out: string, ...options: string[]): string[] => [
  command,
  '--model',
  TINY_MODEL,
  '--task',
  task,
  '--out',
  inFolder(out),
  ...options,
];

/** Refused before an adapter is asked for, and the folder stays as it is. */
async function expectOtherRun(out: string, args: readonly string[], differs: string): Promise<void> {
  const files = await contents(inFolder(out));
  const message = new RegExp(
    `${out}: holds the result of a run that differs in ${differs}; use --force to replace it, or another --out$`,
  );
  expectMistake(await runCli(args, { env: NO_ADAPTER }), message);
  expect(await contents(inFolder(out))).toEqual(files);
}

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
});

describe('a circuit chosen from scores', () => {
  const flow = (...options: string[]): string[] =>
    run('discover', 'flow', '--method', 'information-flow', '--edges', '8', ...options);

  beforeAll(async () => {
    await cli(flow());
  });

  test('of information flow, which has no metric, again in equal bytes', async () => {
    const files = await contents(inFolder('flow'));
    expect(Object.keys(files).toSorted()).toEqual(['circuit.gexf', 'circuit.json', 'details.json', 'scores.json']);
    await cli(flow());
    expect(await contents(inFolder('flow'))).toEqual(files);
  });

  test.each([
    ['selection', ['--edges', '9']],
    ['selection', ['--greedy']],
    ['selection', ['--signed']],
    ['metric', ['--metric', 'nll']],
    ['prompts, selection', ['--prompts', '1', '--signed']],
  ])('is no result of a run with another %s: %j', async (differs, options) => {
    await expectOtherRun('flow', flow(...options), differs);
  });

  test('is none of another way to choose, from the same scores', async () => {
    const threshold = run('discover', 'flow', '--method', 'information-flow', '--threshold', '8');
    await expectOtherRun('flow', threshold, 'selection');
  });

  test('is replaced with --force', async () => {
    const out = 'replaced';
    const eap = (...options: string[]): string[] =>
      run('discover', out, '--method', 'eap', '--no-details', '--no-in-circuit', '--edges', ...options);
    await cli(eap('8'));
    await expectOtherRun(out, eap('20'), 'selection');
    await cli(eap('20', '--force'));
    const { edgewise } = JSON.parse(await readFile(join(inFolder(out), 'circuit.json'), 'utf8'));
    expect(edgewise.provenance.selection).toMatchObject({ rule: 'top', limit: 20 });
  });

  test('and the same scores without a choice are two results', async () => {
    const out = 'eap';
    const discover = run('discover', out, '--method', 'eap', '--edges', '8', '--no-details', '--no-in-circuit');
    await cli(discover);
    await expectOtherRun(out, run('attribute', out, '--method', 'eap'), 'selection');
    const alone = 'scores-alone';
    const attribute = run('attribute', alone, '--method', 'eap');
    await cli(attribute);
    await expectOtherRun(alone, run('discover', alone, '--method', 'eap', '--edges', '8'), 'selection');
    const files = await contents(inFolder(alone));
    await cli(attribute);
    expect(await contents(inFolder(alone))).toEqual(files);
  });

  test('of information flow is no place for its scores', async () => {
    await expectOtherRun('flow', run('attribute', 'flow', '--method', 'information-flow'), 'metric, selection');
  });
});

describe('a screened circuit', () => {
  const screened = (...options: string[]): string[] =>
    run(
      'discover',
      'screened',
      '--method',
      'screened',
      '--threshold',
      '0.05',
      '--no-details',
      '--no-in-circuit',
      ...options,
    );

  test('is one of the border and of the tests that were asked for', async () => {
    const own = screened('--screen', '0.02', '--retest', '5');
    await cli(own);
    await expectOtherRun('screened', screened('--screen', '0.03', '--retest', '5'), 'screening');
    await expectOtherRun('screened', screened('--screen', '0.02', '--retest', '4'), 'screening');
    await expectOtherRun('screened', screened('--screen', '0.02'), 'screening');
    const files = await contents(inFolder('screened'));
    await cli(own);
    expect(await contents(inFolder('screened'))).toEqual(files);
  });

  test('is told apart by the limit even where fewer edges lie near the border', async () => {
    const out = (limit: string): string[] =>
      run(
        'discover',
        'all-near',
        '--method',
        'screened',
        '--threshold',
        '0.05',
        '--retest',
        limit,
        '--no-details',
        '--no-in-circuit',
      );
    await cli(out('1000'));
    await expectOtherRun('all-near', out('2000'), 'screening');
    await expectOtherRun('all-near', run('discover', 'all-near', '--method', 'acdc'), 'method');
  });
});
