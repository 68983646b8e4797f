import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { fixture } from '../support/fixtures.js';
import { TINY_DIRECT_EDGES, TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Step {
  edge: string;
  before: number;
  after: number;
  kept: boolean;
}

interface Found {
  tested: number;
  kept: number;
  edges: number;
  initial: number;
  empty: number;
  steps: Step[];
  provenance: Record<string, unknown>;
  edgewise: { direct_edges?: Record<string, { in_graph: boolean }> };
  edgeNames: string[];
}

const COMMANDS = [
  'discover',
  'attribute',
  'evaluate',
  'inspect',
  'export',
  'import',
  'info',
  'check',
  'tasks',
  'models',
  'truth',
  'stability',
  'combine',
];
const folder = useFolder();
let task: string;
let other: string;
let runs = 0;

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  other = await writeRows(folder.path, 'other.jsonl', tinyRows(6).slice(3));
});

/** A search that keeps little, so that it is over soon, unless the options say otherwise. */
async function discover(...options: string[]): Promise<Found> {
  const out = join(folder.path, `run-${runs++}`);
  const args = [
    'discover',
    '--model',
    TINY_MODEL,
    '--task',
    task,
    '--threshold',
    '0.3',
    '--no-in-circuit',
    '--no-details',
    '--out',
    out,
    ...options,
  ];
  const report = await cliJson<Omit<Found, 'steps'>>(args);
  const { edges, edgewise } = JSON.parse(await readFile(join(out, 'circuit.json'), 'utf8'));
  const lines = (await readFile(join(out, 'trace.jsonl'), 'utf8')).trimEnd().split('\n');
  const steps = lines.map((line) => JSON.parse(line) as Step);
  return { ...report, steps, provenance: edgewise.provenance, edgewise, edgeNames: Object.keys(edges) };
}

describe('options of a search', () => {
  test.each(['kl', 'logit-diff', 'prob-diff', 'nll'])('--metric %s', async (metric) => {
    const { provenance, initial, empty, steps } = await discover('--metric', metric);
    expect(provenance['metric']).toBe(metric);
    expect(steps[0]!.before).toBe(initial);
    expect(Math.abs(empty - initial)).toBeGreaterThan(1e-3);
    if (metric === 'nll') expect(Math.min(initial, empty)).toBeGreaterThan(0);
    if (metric === 'prob-diff') expect(Math.max(Math.abs(initial), Math.abs(empty))).toBeLessThanOrEqual(1);
  });

  test('every ablation and source of means gives another empty circuit', async () => {
    const empties = new Map<number, string>();
    for (const options of [
      ['--ablation', 'resample'],
      ['--ablation', 'zero'],
      ['--ablation', 'zero', '--input', 'token+position'],
      ['--ablation', 'mean'],
      ['--ablation', 'mean-positional'],
      ['--ablation', 'mean', '--mean-over', 'corrupted'],
      ['--ablation', 'mean', '--mean-over', other],
    ]) {
      const { empty, provenance } = await discover(...options);
      expect(empties.get(empty), options.join(' ')).toBeUndefined();
      empties.set(empty, options.join(' '));
      expect(provenance['ablation']).toBe(options[1]);
      const source = options[2] === '--mean-over' ? options[3]! : 'clean';
      const expected = options[1]!.startsWith('mean')
        ? source === other
          ? /^[0-9a-f]{64}$/
          : new RegExp(source)
        : /null/;
      expect(String(provenance['mean_over'])).toMatch(expected);
    }
  });

  test('--direct-edges tests them too and keeps them apart', async () => {
    const { edges, tested, kept, edgewise, edgeNames, steps } = await discover(
      '--direct-edges',
      '--threshold=-9',
      '--negative-threshold',
      '--in-circuit',
    );
    expect([edges, tested, kept]).toEqual(Array.from({ length: 3 }, () => TINY_EDGES + TINY_DIRECT_EDGES));
    expect(Object.keys(edgewise.direct_edges ?? {})).toHaveLength(TINY_DIRECT_EDGES);
    expect(edgewise.direct_edges?.['a2.h0<q>->a2.h0']).toMatchObject({ in_graph: true });
    expect(edgeNames).toHaveLength(TINY_EDGES);
    expect(steps.map((step) => step.edge)).toContain('a0.h3<v>->a0.h3');
  });

  test('--sender-heads turns the heads of a layer around', async () => {
    const order = async (...options: string[]): Promise<string[]> =>
      (await discover(...options)).steps.slice(0, 6).map((step) => step.edge);
    const heads = [4, 3, 2, 1, 0].map((head) => `a2.h${head}->logits`);
    expect(await order()).toEqual(['m2->logits', ...heads]);
    expect(await order('--sender-heads', 'ascending')).toEqual(['m2->logits', ...heads.toReversed()]);
  });

  test('--tile changes what is recorded, and no number', async () => {
    const { steps, provenance } = await discover();
    const measured = await cliJson<{ tile: string; fill: number }>(['info']);
    expect(provenance['tile']).toBe(measured.tile);
    expect(measured.fill).toBeGreaterThanOrEqual(1);
    for (const tile of ['register-8', 'workgroup-64']) {
      const other = await discover('--tile', tile);
      expect(other.provenance).toEqual({ ...provenance, tile });
      expect(other.steps).toEqual(steps);
      expect(await cliJson(['info', '--tile', tile])).toMatchObject({ tile, fill: measured.fill });
    }
    expect(await cli(['info'])).toContain(`tile of the matrix product: ${measured.tile};`);
  });

  test('--abs compares the size of the effect', async () => {
    const { steps } = await discover('--abs', '--metric', 'logit-diff', '--threshold', '0.1');
    for (const { before, after, kept } of steps) expect(kept).toBe(!(Math.abs(after - before) < 0.1));
    expect(steps.some(({ before, after }) => after - before <= -0.1)).toBe(true);
  });

  test('--prompts and --skip choose rows', async () => {
    const whole = await discover();
    const last = await discover('--skip', '2');
    const first = await discover('--prompts', '2');
    expect(last.provenance['prompts']).toEqual({ count: 1, skip: 2 });
    expect(first.provenance['prompts']).toEqual({ count: 2, skip: 0 });
    expect((2 * first.empty + last.empty) / 3).toBeCloseTo(whole.empty, 5);
  });

  test('--bos prepends the beginning-of-text token to texts', async () => {
    const text = await readFile(fixture('share4l/ioi.jsonl'), 'utf8');
    const { clean, corrupted, correct } = JSON.parse(text.slice(0, text.indexOf('\n')));
    const task = await writeRows(folder.path, 'text.jsonl', [{ clean, corrupted, correct }]);
    const length = async (bos: string): Promise<number> => {
      const { plan } = await cliJson<{ plan: { shape: { sequence: number } } }>([
        'info',
        '--model',
        fixture('share4l'),
        '--task',
        task,
        '--bos',
        bos,
      ]);
      return plan.shape.sequence;
    };
    const without = await length('no');
    expect(without).toBe((clean as string).split(' ').length);
    expect(await length('auto')).toBe(without + 1);
    expect(await length('yes')).toBe(without + 1);
  });

  test('--threshold below every effect keeps every edge', async () => {
    const { kept, tested } = await discover('--threshold=-1e3', '--negative-threshold');
    expect([kept, tested]).toEqual([TINY_EDGES, TINY_EDGES]);
  });
});

describe('mistakes, all found without an adapter', () => {
  test.each<[string[], RegExp]>([
    [['--threshold', 'nan'], /--threshold.*finite number/],
    [['--threshold', 'inf'], /--threshold.*finite number/],
    [['--threshold', ''], /--threshold.*finite number/],
    [['--threshold', '1e400'], /--threshold.*finite number/],
    [['--threshold', '0x10'], /--threshold.*finite number/],
    [['--threshold'], /--threshold.*missing/],
    [['--prompts', '0'], /--prompts.*whole number of at least 1/],
    [['--prompts', '1.5'], /--prompts.*whole number/],
    [['--prompts', '4'], /pairs\.jsonl.*3 prompt pairs.*4/],
    [['--prompts', '2', '--skip', '2'], /pairs\.jsonl.*3 prompt pairs.*2 after the first 2/],
    [['--skip', '3'], /pairs\.jsonl.*3 prompt pairs/],
    [['--skip', '-1'], /--skip.*whole number/],
    [['--metric', 'bleu'], /--metric.*kl, logit-diff, prob-diff, nll/],
    [['--metric', 'accuracy'], /--metric.*kl, logit-diff, prob-diff, nll/],
    [['--method', 'magic'], /--method.*acdc/],
    [['--ablation', 'noise'], /--ablation.*resample, zero, mean, mean-positional/],
    [['--sender-heads', 'random'], /--sender-heads.*descending, ascending/],
    [['--bos', 'maybe'], /--bos.*auto, yes, no/],
    [['--tile', '8x8'], /--tile.*'8x8'.*register-8, subgroup-8, subgroup-16, workgroup-32, workgroup-64/],
    [['--input', 'position'], /--input.*token, token\+position/],
    [['--mean-over', 'clean'], /--mean-over: is for mean ablations/],
    [['--ablation', 'mean', '--mean-over', 'nowhere.jsonl'], /nowhere\.jsonl: there is no such file/],
    [['--fast'], /unknown option '--fast'/],
    [['surplus'], /too many arguments/],
  ])('discover %j', async (options, message) => {
    const args = ['discover', '--model', TINY_MODEL, '--task', task, '--out', join(folder.path, 'no'), ...options];
    expectMistake(await runCli(args, { env: NO_ADAPTER }), message);
  });

  test.each<[string[], RegExp]>([
    [['paint'], /unknown command 'paint'/],
    [['help', 'paint'], /unknown command/],
    [['--fast'], /unknown option '--fast'/],
    [['discover'], /--task: is needed/],
    [['discover', '--task', 'ioi'], /--model: is needed/],
    [['discover', '--model'], /--model.*missing/],
    [['evaluate', '--model', TINY_MODEL, '--task', 'x.jsonl'], /--circuit: is needed/],
    [['export', 'x.json'], /--format/],
    [['export', '--format', 'dot'], /path/],
    [['export', 'x.json', '--format', 'svg'], /--format.*json, gexf, graphml, node-link, dot/],
    [['info', '--task', 'ioi'], /--task: needs --model/],
    [['tasks', 'chess'], /chess: is no shipped task \(ioi, /],
    [['models', 'all'], /too many arguments/],
  ])('%j', async (args, message) => {
    expectMistake(await runCli(args, { env: NO_ADAPTER }), message);
  });
});

describe('help', () => {
  test('of the program names every command and fits a terminal', async () => {
    const text = await cli(['--help']);
    for (const command of COMMANDS) expect(text).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(await cli([])).toBe(text);
    expect(await cli(['help'])).toBe(text);
    expect(await cli(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each(COMMANDS)('of %s', async (command) => {
    const text = await cli([command, '--help']);
    expect(text).toMatch(new RegExp(`^Usage: edgewise ${command} `));
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('of one command among all', async () => {
    expect(await cli(['help', 'export'])).toBe(await cli(['export', '--help']));
  });
});
