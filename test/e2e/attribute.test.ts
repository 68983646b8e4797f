/** Scores of every edge, by cutting each and by gradients. */
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents, journalledTests, killedAfter } from '../support/interrupted.js';
import { withNumber } from '../support/safetensors-writer.js';
import { TINY_DIRECT_EDGES, TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Report {
  method: string;
  metric: string;
  granularity: string;
  scored: number;
  seconds: number;
  adapter: string;
  file: string;
}

interface ScoresJson {
  edges: Record<string, { score: number; in_graph: boolean; scored?: boolean }>;
  edgewise: {
    scores: { positive: string; provenance: Record<string, unknown>; per_prompt?: number[][] };
    direct_edges?: Record<string, { score: number }>;
  };
}

/** More moments at which a run is killed. */
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';
const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let attribute: string[];
const scoresOf = async (out: string): Promise<ScoresJson> =>
  JSON.parse(await readFile(join(inFolder(out), 'scores.json'), 'utf8')) as ScoresJson;

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  attribute = ['attribute', '--model', TINY_MODEL, '--task', task];
});

describe('exact', () => {
  const exact = (out: string): string[] => [
    ...attribute,
    '--method',
    'exact',
    '--metric',
    'kl',
    '--out',
    inFolder(out),
  ];
  let report: Report;
  let json: ScoresJson;

  beforeAll(async () => {
    report = await cliJson<Report>(exact('exact'));
    json = await scoresOf('exact');
  });

  test('scores every edge, on each prompt and on their mean', () => {
    expect(report).toMatchObject({ method: 'exact', metric: 'kl', granularity: 'edge', scored: TINY_EDGES });
    const edges = Object.values(json.edges);
    expect(edges).toHaveLength(TINY_EDGES);
    const { positive, per_prompt: perPrompt, provenance } = json.edgewise.scores;
    expect(positive).toBe('helps');
    expect(perPrompt!.map((scores) => scores.length)).toEqual([TINY_EDGES, TINY_EDGES, TINY_EDGES]);
    edges.forEach(({ score, in_graph: kept, scored }, i) => {
      expect(score).toBe((perPrompt![0]![i]! + perPrompt![1]![i]! + perPrompt![2]![i]!) / 3);
      expect([kept, scored]).toEqual([true, undefined]);
      // The whole model's divergence from itself is the least.
      expect(score).toBeGreaterThan(-1e-6);
    });
    expect(Math.max(...edges.map(({ score }) => score))).toBeGreaterThan(0.01);
    expect(provenance).toMatchObject({ method: 'exact', metric: 'kl', prompts: { count: 3, skip: 0 } });
    expect(JSON.stringify(provenance)).not.toContain('threshold');
  });

  test('an edge scores what the search measures that tests it first', async () => {
    const discover = [
      'discover',
      '--model',
      TINY_MODEL,
      '--task',
      inFolder('pairs.jsonl'),
      '--no-details',
      '--no-in-circuit',
    ];
    // Nothing is removed, so every test is of the whole model.
    await cli([...discover, '--threshold=-9', '--negative-threshold', '--out', inFolder('nothing-removed')]);
    const lines = (await readFile(inFolder('nothing-removed/trace.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(TINY_EDGES);
    for (const line of lines) {
      const { edge, before, after } = JSON.parse(line) as { edge: string; before: number; after: number };
      expect(Math.abs(json.edges[edge]!.score - (after - before))).toBeLessThan(1e-12);
    }
  });

  test('--batch and micro-batches change no byte, --direct-edges adds scores', async () => {
    const whole = await contents(inFolder('exact'));
    await cli([...exact('batched'), '--batch', '9']);
    expect(await contents(inFolder('batched'))).toEqual(whole);
    const { scored } = await cliJson<Report>([...exact('direct'), '--direct-edges']);
    expect(scored).toBe(TINY_EDGES + TINY_DIRECT_EDGES);
    const direct = await scoresOf('direct');
    expect(direct.edges).toEqual(json.edges);
    expect(Object.keys(direct.edgewise.direct_edges!)).toHaveLength(TINY_DIRECT_EDGES);
  });

  test('killed and resumed, it ends in the same bytes', async () => {
    const out = inFolder('killed');
    const args = exact('killed');
    for (const tests of ALL_RUNS ? [5, 120, 330] : [120]) await killedAfter([...args, '--resume'], out, tests);
    expect(journalledTests(out)).toBeGreaterThan(100);
    expectMistake(await runCli(args, { env: NO_ADAPTER }), /holds a run that was interrupted/);
    const other = [...args, '--resume', '--prompts', '2'];
    expectMistake(
      await runCli(other),
      /differs in prompts \(\{"count":3,"skip":0\} there, \{"count":2,"skip":0\} here\)/,
    );
    const { stderr, code } = await runCli([...args, '--resume']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^going on after \d+ tests of the interrupted run$/m);
    expect(await contents(out)).toEqual(await contents(inFolder('exact')));
  });
});

describe('gradients', () => {
  test('eap-ig-inputs by default, of the direction of what cutting each edge does', async () => {
    const report = await cliJson<Report>([...attribute, '--out', inFolder('gradients')]);
    expect(report).toMatchObject({ method: 'eap-ig-inputs', metric: 'logit-diff', scored: TINY_EDGES });
    await cli([...attribute, '--method', 'exact', '--out', inFolder('truth')]);
    const [estimated, measured] = await Promise.all([scoresOf('gradients'), scoresOf('truth')]);
    const pairs = Object.keys(measured.edges).map((name) => [
      estimated.edges[name]!.score,
      measured.edges[name]!.score,
    ]);
    const dot = (a: 0 | 1, b: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[a]! * pair[b]!, 0);
    expect(dot(0, 1) / Math.sqrt(dot(0, 0) * dot(1, 1))).toBeGreaterThan(0.5);
  });

  test('the report names the strongest, and how to go on', async () => {
    const text = await cli([...attribute, '--method', 'eap', '--out', inFolder('eap')]);
    expect(text).toMatch(/^pairs on gpt2, 3 prompts: eap, logit-diff\n {2}scored 370 edges in [\d.]+ s\n/);
    expect(text).toMatch(/^strongest: score = estimated metric without the edge - .*: positive = the edge helps$/m);
    expect(text).toContain(`edgewise export ${inFolder('eap/scores.json')} --select top:100`);
    await cli([...attribute, '--method', 'eap', '--granularity', 'node', '--out', inFolder('nodes')]);
  });

  test('the same run again is the same bytes; another run needs --force', async () => {
    const again = [...attribute, '--method', 'eap', '--out', inFolder('again')];
    await cli(again);
    const files = await contents(inFolder('again'));
    await cli(again);
    expect(await contents(inFolder('again'))).toEqual(files);
    for (const [options, differs] of [
      [['--metric', 'nll'], 'metric'],
      [['--prompts', '2'], 'prompts'],
      [['--backward', 'relp'], 'backward rule'],
    ] as const) {
      expectMistake(
        await runCli([...again, ...options], { env: NO_ADAPTER }),
        new RegExp(`holds the result of a run that differs in ${differs}; use --force`),
      );
    }
    expect(await contents(inFolder('again'))).toEqual(files);
    await cli([...again, '--metric', 'nll', '--force']);
    expect((await scoresOf('again')).edgewise.scores.provenance['metric']).toBe('nll');
  });
});

describe('scores without a sign say so', () => {
  test.each<[string, string[], RegExp]>([
    ['flow', ['--method', 'information-flow'], /^score = share of the writer.*from 0 to 1: no sign$/],
    ['dropped', ['--method', 'eap', '--backward', 'atp-star', '--grad-drop'], /^score = mean size of .*: no sign$/],
  ])('%s', async (out, options, convention) => {
    const text = await cli([...attribute, ...options, '--out', inFolder(out)]);
    const { edges, edgewise } = await scoresOf(out);
    expect(edgewise.scores.provenance['sign_convention']).toMatch(convention);
    expect(text).toContain(`strongest: ${edgewise.scores.provenance['sign_convention'] as string}\n`);
    expect(Math.min(...Object.values(edges).map(({ score }) => score))).toBeGreaterThanOrEqual(0);
  });

  test('and only those', async () => {
    await cli([...attribute, '--method', 'eap', '--backward', 'atp-star', '--out', inFolder('atp')]);
    const { provenance } = (await scoresOf('atp')).edgewise.scores;
    expect(provenance['sign_convention']).toMatch(/positive = the edge helps$/);
  });
});

describe('weights that hold NaN', () => {
  const broken = (): string => inFolder('broken-model');

  beforeAll(async () => {
    await cp(join(TINY_MODEL, 'config.json'), join(broken(), 'config.json'));
    const weights = await readFile(join(TINY_MODEL, 'model.safetensors'));
    // Late, so that most of the model is sound.
    const changed = withNumber(weights, 'transformer.h.2.mlp.c_proj.weight', 0, Number.NaN);
    await writeFile(join(broken(), 'model.safetensors'), changed);
  });

  test.each([
    [['information-flow']],
    [['eap']],
    [['eap', '--granularity', 'node']],
    [['eap', '--granularity', 'neuron']],
    [['exact']],
  ])('are refused by %j, and nothing is written', async (method) => {
    const out = inFolder('no-scores');
    const args = ['attribute', '--model', broken(), '--task', inFolder('pairs.jsonl'), '--out', out, '--method'];
    expectMistake(
      await runCli([...args, ...method]),
      /broken-model: .* is NaN on the clean prompts: the weights hold NaN or overflow f32 \(layers\.2\.wout holds NaN\)$/,
    );
    expect(existsSync(out)).toBe(false);
  });
});

describe('weights with which the squares in a norm overflow', () => {
  const loud = (): string => inFolder('loud-model');

  beforeAll(async () => {
    await cp(join(TINY_MODEL, 'config.json'), join(loud(), 'config.json'));
    const weights = await readFile(join(TINY_MODEL, 'model.safetensors'));
    await writeFile(join(loud(), 'model.safetensors'), withNumber(weights, 'transformer.h.1.mlp.c_proj.bias', 0, 1e25));
  });

  test.each([
    ['attribute', '--method', 'eap'],
    ['attribute', '--method', 'information-flow'],
    ['discover', '--threshold', '0.1'],
    ['check-task'],
  ])('are told by %s %s %s', async (command, ...options) => {
    const given = ['--model', loud(), '--task', inFolder('pairs.jsonl'), ...options];
    const out = command === 'check-task' ? [] : ['--out', inFolder('no-result')];
    expectMistake(
      await runCli([command, ...given, ...out]),
      /loud-model: .*overflow f32 \(the largest weight is 1\.00e\+25, in layers\.1\.bout; a norm overflows/,
    );
    expect(existsSync(inFolder('no-result'))).toBe(false);
  });
});

test.each<[string[], RegExp]>([
  [['--method', 'magic'], /--method.*exact, eap, eap-ig-inputs/],
  [['--method', 'eap', '--metric', 'kl'], /eap: the KL divergence/],
  [['--method', 'eap', '--steps', '9'], /--steps: has no meaning for eap/],
  [['--method', 'exact', '--steps', '9'], /--steps: has no meaning for exact/],
  [['--method', 'clean-corrupted', '--step-rule', 'left'], /--step-rule: has no meaning for clean-corrupted/],
  [['--method', 'eap', '--scope', 'all'], /--scope: has no meaning for eap/],
  [['--method', 'exact', '--backward', 'gim'], /--backward: has no meaning for exact/],
  [['--method', 'information-flow', '--backward', 'gim'], /--backward: has no meaning for information-flow/],
  [['--method', 'information-flow', '--metric', 'nll'], /--metric: has no meaning for information-flow/],
  [['--method', 'information-flow', '--ablation', 'zero'], /--ablation: has no meaning for information-flow/],
  [['--method', 'information-flow', '--ablation', 'mean', '--mean-over', 'corrupted'], /--ablation: has no meaning/],
  [['--method', 'information-flow', '--mean-over', 'corrupted'], /--mean-over: /],
  [['--method', 'eap', '--direct-edges'], /--direct-edges: has no meaning for eap/],
  [['--method', 'eap', '--batch', '2'], /--batch: has no meaning for eap/],
  [['--method', 'eap', '--resume'], /--resume: has no meaning for eap/],
  [['--method', 'exact', '--granularity', 'node'], /exact: scores edges only, got granularity node/],
  [['--steps', '0'], /--steps.*whole number of at least 1/],
  [['--metric', 'accuracy'], /--metric.*kl, logit-diff, prob-diff, nll/],
  [['--prompts', '4'], /pairs\.jsonl.*3 prompt pairs.*4/],
])('attribute %j is refused before an adapter is asked for', async (options, message) => {
  expectMistake(await runCli([...attribute, '--out', inFolder('no'), ...options], { env: NO_ADAPTER }), message);
});
