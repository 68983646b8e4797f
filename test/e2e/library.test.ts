/** Every method of the library through `open`, with the bytes that the command line writes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CIRCUIT_WRITERS,
  MEASURES,
  METHODS,
  pruneDisconnected,
  select,
  writeDetails,
  writeScoresJson,
  writeTrace,
  type AskedDiscovery,
  type Edgewise,
  type RunProgress,
  type Task,
} from '../../src/index.js';
import { open } from '../../src/node/index.js';
import { cliJson, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
const TILE = 'register-8';
let edgewise: Edgewise;
let task: Task;
/** A small model, on which a whole search takes a second. */
let tiny: { readonly edgewise: Edgewise; readonly task: Task; readonly flags: readonly string[] };

beforeAll(async () => {
  process.env['EDGEWISE_CACHE'] = inFolder('cache');
  edgewise = await open('tasks-4l', { tile: TILE });
  task = await edgewise.task('ioi', { prompts: 2 });
  const path = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
  const small = await open(TINY_MODEL, { tile: TILE });
  tiny = { edgewise: small, task: await small.task(path), flags: ['--model', TINY_MODEL, '--task', path] };
});
afterAll(async () => {
  await tiny.edgewise.close();
  delete process.env['EDGEWISE_CACHE'];
});

const SHIPPED = ['--model', 'tasks-4l', '--task', 'ioi', '--prompts', '2'];
const command = (name: string, out: string, ...options: string[]): string[] => on(SHIPPED, name, out, ...options);
const on = (flags: readonly string[], name: string, out: string, ...options: string[]): string[] => [
  name,
  ...flags,
  '--tile',
  TILE,
  '--out',
  inFolder(out),
  ...options,
];
const written = (out: string, file: string): Promise<string> => readFile(inFolder(join(out, file)), 'utf8');

/** A run that makes several searches reports its results in a list. */
interface Report {
  readonly faithfulness: number;
  readonly results?: readonly Report[];
}

/** One row for each method, and one for each way to ask for a circuit. */
const CASES: readonly [string, AskedDiscovery, string[]][] = [
  ['acdc', { threshold: 0.5 }, ['--threshold', '0.5']],
  ['acdc', { edges: 12, threshold: 1 }, ['--edges', '12', '--threshold', '1']],
  [
    'screened',
    { method: 'screened', threshold: 0.5, retest: 5 },
    ['--method', 'screened', '--threshold', '0.5', '--retest', '5'],
  ],
  ['exact', { method: 'exact', edges: 30 }, ['--method', 'exact', '--edges', '30']],
  ['eap', { method: 'eap', edges: 30, greedy: true }, ['--method', 'eap', '--edges', '30', '--greedy']],
  [
    'eap-ig-inputs',
    { method: 'eap-ig-inputs', edges: 30, signed: true, steps: 2 },
    ['--method', 'eap-ig-inputs', '--edges', '30', '--signed', '--steps', '2'],
  ],
  [
    'eap-ig-activations',
    { method: 'eap-ig-activations', threshold: 0.05, steps: 2, ablation: 'zero' },
    ['--method', 'eap-ig-activations', '--threshold', '0.05', '--steps', '2', '--ablation', 'zero'],
  ],
  ['clean-corrupted', { method: 'clean-corrupted', edges: 30 }, ['--method', 'clean-corrupted', '--edges', '30']],
  ['information-flow', { method: 'information-flow', edges: 30 }, ['--method', 'information-flow', '--edges', '30']],
];

describe('discover', () => {
  test('every method has a row', () => {
    expect([...new Set(CASES.map(([name]) => name))].toSorted()).toEqual(Object.keys(METHODS).toSorted());
  });

  test.each(CASES)('%s %o', async (_, options, flags) => {
    const out = `${flags.join('')}`;
    const report = await cliJson<Report>(on(tiny.flags, 'discover', out, ...flags, '--no-details'));
    const progress: RunProgress[] = [];
    const found = await tiny.edgewise.discover(tiny.task, options, { progress: (one) => void progress.push(one) });
    if (Array.isArray(found)) throw new Error('one circuit was asked for');
    const { circuit } = await tiny.edgewise.measureEdges(tiny.task, found.circuit);
    expect(CIRCUIT_WRITERS.json(circuit)).toBe(await written(out, 'circuit.json'));
    if (!found.selection) expect(writeTrace(found.trace)).toBe(await written(out, 'trace.jsonl'));
    if (found.scores) expect(writeScoresJson(found.scores)).toBe(await written(out, 'scores.json'));
    expect(found.faithfulness).toBe((report.results?.[0] ?? report).faithfulness);
    expect(found.faithfulness).toBe(found.circuit.provenance!.faithfulness);
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  });

  test('an array where several thresholds were asked for, in their order', async () => {
    await cliJson(on(tiny.flags, 'discover', 'several', '--threshold', '0.5,2', '--no-details'));
    const found = await tiny.edgewise.discover(tiny.task, { threshold: [0.5, 2] });
    expect(found).toHaveLength(2);
    for (const [i, threshold] of ['0.5', '2'].entries()) {
      const text = await written(join('several', `threshold-${threshold}`), 'circuit.json');
      const { circuit } = await tiny.edgewise.measureEdges(tiny.task, found[i]!.circuit);
      expect(CIRCUIT_WRITERS.json(circuit)).toBe(text);
    }
    expect(await tiny.edgewise.discover(tiny.task, { threshold: [2] })).toHaveLength(1);
  });

  test.each<[AskedDiscovery, string]>([
    [{ method: 'eap', edges: 3, retest: 5 }, 'retest: has no meaning for eap'],
    [{ method: 'eap' }, 'eap: needs edges, how many to choose, or one threshold for their scores'],
    [{ stepRule: 'left' }, 'stepRule: has no meaning for acdc'],
    [{ method: 'screened', threshold: [1, 2] }, 'threshold: screened searches at one'],
    [{ method: 'screened', cutoff: 0 }, 'cutoff: got 0, expected a number above 0'],
    [{ method: 'screened', ablation: 'zero' }, 'ablation: got zero; screened takes resample only'],
    [{ edges: 5000 }, 'edges: got 5000, the model has 1519'],
    [{ edges: 0.5 }, 'edges: got 0.5, expected a whole number of at least 1'],
    [{ edges: 5, threshold: [1, 2] }, 'edges: finds one threshold; threshold says where to start, so give one'],
    [{ threshold: Number.NaN }, 'threshold: got NaN, expected a finite number'],
    [{ threshold: [] }, 'threshold: is empty, expected at least one number'],
    [{ threshold: [1, 1] }, 'threshold: a threshold is given twice'],
  ])('%o is refused by the name of the option', async (options, message) => {
    await expect(edgewise.discover(task, options)).rejects.toThrow(message);
  });

  test('a journal that is handed in is gone on with', async () => {
    const tests: { edge: number; without: readonly number[] }[] = [];
    const names: (string | undefined)[] = [];
    const whole = await tiny.edgewise.discover(
      tiny.task,
      { threshold: 0.5 },
      {
        journal: ({ name }) => {
          names.push(name);
          return Promise.resolve({ earlier: [], record: (one) => void tests.push(one), close: () => {} });
        },
      },
    );
    expect(names).toEqual([undefined]);
    expect(tests).toHaveLength(whole.tested);
    const again = await tiny.edgewise.discover(
      tiny.task,
      { threshold: 0.5 },
      {
        journal: () => Promise.resolve({ earlier: tests, record: () => expect.fail('measured anew'), close: () => {} }),
      },
    );
    expect(again.evaluations).toBe(0);
    expect(CIRCUIT_WRITERS.json(again.circuit)).toBe(CIRCUIT_WRITERS.json(whole.circuit));
  });
});

test('attribute', async () => {
  await cliJson(command('attribute', 'scores', '--granularity', 'node'));
  const scores = await edgewise.attribute(task, { granularity: 'node' });
  expect(writeScoresJson(scores)).toBe(await written('scores', 'scores.json'));
  const rule = { rule: 'top-nodes', nodes: 4, absolute: true, prune: false } as const;
  expect(select(scores, rule).kept.size).toBeGreaterThan(100);
  await expect(edgewise.attribute(task, { method: 'eap', steps: 3 })).rejects.toThrow('steps: has no meaning for eap');
  const granular = edgewise.attribute(task, { method: 'exact', granularity: 'node' });
  await expect(granular).rejects.toThrow('exact: scores edges only, got granularity node');
});

test('evaluate: as the circuit was found, and as asked', async () => {
  const found = await edgewise.discover(task, { threshold: 0.5, metric: 'nll', ablation: 'mean' });
  const evaluation = await edgewise.evaluate(task, found.circuit);
  expect(evaluation.metric).toBe('nll');
  expect(evaluation.circuit).toBeCloseTo(found.final, 5);
  expect(evaluation.faithfulness).toBeCloseTo(found.faithfulness!, 4);
  expect(evaluation.edges.kept).toBe(found.kept);
  const all = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  const measured = await edgewise.evaluate(task, found.circuit, { metric: 'kl', measures: all, seed: 3 });
  expect(measured.metric).toBe('kl');
  expect(measured.random.seed).toBe(3);
  // A curve ends with all edges that lie on a path from input to logits, if any do.
  expect(measured.curve.at(-1)?.edges ?? 0).toBe(pruneDisconnected(found.circuit.kept, false).additionSize);
  for (const { faithfulness, necessity } of measured.curve)
    expect(Number.isFinite(faithfulness! + necessity!)).toBe(true);
  const edges = edgewise.evaluate(task, found.circuit.kept, { measures: ['curve'] });
  await expect(edges).rejects.toThrow('curve: needs a circuit with the effects of its edges');
});

test('inspect', async () => {
  await cliJson(command('discover', 'details', '--threshold', '1', '--details'));
  const found = await edgewise.discover(task, { threshold: 1 });
  const measured = await edgewise.measureEdges(task, found.circuit);
  const details = await edgewise.inspect(task, { ...found, ...measured });
  expect(writeDetails(details)).toBe(await written('details', 'details.json'));
});

test('task: a file, a path, some of its prompts', async () => {
  const row = { clean_ids: [1, 2], corrupted_ids: [1, 3] };
  const bytes = new TextEncoder().encode(`${JSON.stringify(row)}\n`);
  expect((await edgewise.task({ name: 'own', source: 'own', bytes })).pairs).toHaveLength(1);
  await expect(edgewise.task('no-such-task')).rejects.toThrow('is neither a file nor a shipped task');
  const some = await edgewise.task('ioi', { prompts: 3, skip: 2 });
  expect([some.pairs.length, some.skip]).toEqual([3, 2]);
});

test('close frees the memory of the device', async () => {
  await edgewise.close();
  expect(edgewise.engine.gpu.liveBytes).toBe(0);
});
