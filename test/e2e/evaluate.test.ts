import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Report {
  metric: string;
  prompts: number;
  clean: number;
  corrupted: number;
  circuit: number;
  faithfulness: number | null;
  accuracy: number | null;
  edges: number;
  random: { seed: number; circuit: number; faithfulness: number | null };
}

type CircuitJson = {
  cfg: Record<string, unknown>;
  edges: Record<string, { in_graph: boolean; score?: number }>;
  edgewise: { schema_version: unknown; provenance: Record<string, unknown> };
};

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let task: string;
let found: { final: number; empty: number; faithfulness: number; kept: number };
let circuit: CircuitJson;

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(4));
  const search = ['--metric', 'nll', '--ablation', 'mean', '--skip', '1', '--prompts', '2', '--threshold', '0.02'];
  found = await cliJson(['discover', '--model', TINY_MODEL, '--task', task, ...search, '--out', inFolder('run')]);
  circuit = JSON.parse(await readFile(inFolder('run/circuit.json'), 'utf8')) as CircuitJson;
});

const command = (file: string): string[] => ['evaluate', '--model', TINY_MODEL, '--task', task, '--circuit', file];

async function write(name: string, contents: object): Promise<string> {
  await writeFile(inFolder(name), JSON.stringify(contents));
  return inFolder(name);
}

const edgesOnly = (keep: (name: string) => boolean): object => ({
  edges: Object.fromEntries(Object.keys(circuit.edges).map((name) => [name, { in_graph: keep(name) }])),
});

describe('a circuit of a search', () => {
  test('is evaluated as it was found, in silence and the same way twice', async () => {
    const args = [...command(inFolder('run/circuit.json')), '--json'];
    const { stdout, stderr, code } = await runCli(args);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ metric: 'nll', prompts: 2, edges: found.kept });
    expect(report.circuit).toBeCloseTo(found.final, 5);
    expect(report.corrupted).toBeCloseTo(found.empty, 5);
    expect(report.faithfulness).toBeCloseTo(found.faithfulness, 4);
    expect(await cli(args)).toBe(stdout);
  });

  test('is found in its folder, in its GEXF file, and in other formats of it', async () => {
    const expected = await cli([...command(inFolder('run/circuit.json')), '--json']);
    for (const format of ['graphml', 'node-link'] as const) {
      await cli(['export', inFolder('run'), '--format', format, '--out', inFolder(`as.${format}`)]);
    }
    for (const path of ['run', 'run/circuit.gexf', 'as.graphml', 'as.node-link']) {
      const { stdout, stderr, code } = await runCli([...command(inFolder(path)), '--json']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toBe(expected);
    }
  });

  test('is named where a folder holds several, and missed where it holds none', async () => {
    await cp(inFolder('run'), inFolder('several/a'), { recursive: true });
    await cp(inFolder('run'), inFolder('several/b'), { recursive: true });
    const names = '"a/circuit.json", "b/circuit.json"';
    const several = `several: holds 2 circuits, expected one: name one of ${names}`;
    expectMistake(await runCli(command(inFolder('several'))), several);
    expectMistake(await runCli(['export', inFolder('several'), '--format', 'dot']), several);
    expectMistake(await runCli(['import', inFolder('several')]), several);
    await mkdir(inFolder('none'));
    expectMistake(await runCli(command(inFolder('none'))), 'none: is a folder without circuits');
  });

  test('with other options, which are announced', async () => {
    const options = ['--metric', 'kl', '--ablation', 'zero', '--prompts', '3', '--skip', '0', '--seed', '5', '--json'];
    const { stdout, stderr } = await runCli([...command(inFolder('run/circuit.json')), ...options]);
    for (const [option, given, before] of [
      ['--metric', 'kl', 'nll'],
      ['--ablation', 'zero', 'mean'],
      ['--prompts', '3', '2'],
      ['--skip', '0', '1'],
    ]) {
      expect(stderr).toContain(`note: ${option} ${given} instead of ${before}, with which the circuit was found\n`);
    }
    expect(JSON.parse(stdout)).toMatchObject({ metric: 'kl', prompts: 3, random: { seed: 5 } });
  });

  test('on another task and another model of the same shape, which is announced', async () => {
    const other = await writeRows(folder.path, 'other.jsonl', tinyRows(6).slice(3));
    const model = inFolder('other-model');
    await cp(TINY_MODEL, model, { recursive: true });
    const weights = await readFile(join(model, 'model.safetensors'));
    weights[weights.length - 2]! ^= 1;
    await chmod(join(model, 'model.safetensors'), 0o644);
    await writeFile(join(model, 'model.safetensors'), weights);
    const args = ['evaluate', '--model', model, '--task', other, '--circuit', inFolder('run/circuit.json'), '--json'];
    const { stdout, stderr, code } = await runCli(args);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/note: the circuit was found on another model, gpt2\n/);
    expect(JSON.parse(stdout)).toMatchObject({ prompts: 3 });
    const same = await runCli([...command(inFolder('run/circuit.json')).with(4, other), '--json']);
    expect(same.stderr).toMatch(/note: the circuit was found on another task, pairs;/);
    expect(JSON.parse(same.stdout)).toMatchObject({ prompts: 3 });
  });

  test('as text, every number in its column', async () => {
    const text = await cli(command(inFolder('run/circuit.json')));
    const [title, header, ...rows] = text.trimEnd().split('\n');
    expect(title).toMatch(/^pairs, 2 prompts, mean ablation; nll in loss form, lower is better$/);
    expect(header!.split(/\s+/).filter(Boolean)).toEqual(['nll', 'faithfulness', 'accuracy', 'edges']);
    expect(rows.map((row) => row.trim().split(/\s{2,}/)[0])).toEqual([
      'whole model',
      'circuit',
      'random circuit',
      'empty circuit',
    ]);
    const end = header!.indexOf('nll') + 3;
    for (const row of rows) expect(row.slice(0, end)).toMatch(/\d\.\d{4}$/);
  });
});

describe('a file that has edges alone', () => {
  test('the full circuit is the whole model', async () => {
    const report = await cliJson<Report>(
      command(
        await write(
          'full.json',
          edgesOnly(() => true),
        ),
      ),
    );
    expect(report).toMatchObject({ metric: 'kl', prompts: 4, edges: TINY_EDGES });
    expect(report.circuit).toBeCloseTo(report.clean, 5);
    expect(report.clean).toBeCloseTo(0, 5);
    expect(report.faithfulness).toBeCloseTo(1, 5);
  });

  test('the empty circuit, by name or by absence, is the corrupted run', async () => {
    const none = await write(
      'none.json',
      edgesOnly(() => false),
    );
    for (const file of [none, await write('absent.json', { edges: {} })]) {
      const report = await cliJson<Report>([...command(file), '--metric', 'logit-diff']);
      expect(report.circuit).toBe(report.corrupted);
      expect(report.faithfulness).toBe(0);
      expect(report.random).toEqual({ seed: 0, circuit: report.corrupted, faithfulness: 0 });
    }
    // The corrupted run itself: both prompts of a pair exchanged, the whole model.
    const swapped = tinyRows(4).map((row) => ({ ...row, clean_ids: row.corrupted_ids, corrupted_ids: row.clean_ids }));
    const other = await writeRows(folder.path, 'swapped.jsonl', swapped);
    const there = await cliJson<Report>([...command(none), '--metric', 'logit-diff']);
    const exchanged = await cliJson<Report>([...command(none).with(4, other), '--metric', 'logit-diff']);
    expect(there.corrupted).toBeCloseTo(exchanged.clean, 5);
    expect(there.clean).toBeCloseTo(exchanged.corrupted, 5);
  });

  test('a random circuit of the same size depends on the seed alone', async () => {
    const half = await write(
      'half.json',
      edgesOnly((name) => name.length % 2 === 0),
    );
    const run = async (seed: string): Promise<Report> => cliJson<Report>([...command(half), '--seed', seed]);
    // These two seeds draw circuits that lead from the input to the logits; one that does not is worth as much as none.
    const [one, again, two] = [await run('3'), await run('3'), await run('4')];
    expect(again).toEqual(one);
    expect(two.random.circuit).not.toBe(one.random.circuit);
    expect(two.circuit).toBe(one.circuit);
  });

  test('accuracy counts argmax answers', async () => {
    // Every token is a correct answer: always right. A task without answers has no accuracy.
    const all = Array.from({ length: 67 }, (_, id) => id);
    const easy = tinyRows(2).map((row) => ({ ...row, correct_ids: all, wrong_ids: [] }));
    const silent = tinyRows(2).map(({ clean_ids, corrupted_ids }) => ({ clean_ids, corrupted_ids }));
    const full = await write(
      'full.json',
      edgesOnly(() => true),
    );
    const on = async (name: string, rows: object[], ...options: string[]): Promise<Report> =>
      cliJson<Report>([...command(full).with(4, await writeRows(folder.path, name, rows)), ...options]);
    expect(await on('easy.jsonl', easy, '--metric', 'accuracy')).toMatchObject({ accuracy: 1, circuit: -1 });
    expect(await on('silent.jsonl', silent)).toMatchObject({ accuracy: null });
  });

  test('faithfulness is null where corrupted prompts equal clean ones', async () => {
    const equal = tinyRows(2).map((row) => ({ ...row, corrupted_ids: row.clean_ids }));
    const args = command(
      await write(
        'none.json',
        edgesOnly(() => false),
      ),
    );
    args[4] = await writeRows(folder.path, 'equal.jsonl', equal);
    const report = await cliJson<Report>(args);
    expect(report).toMatchObject({ faithfulness: null, random: { faithfulness: null } });
    expect(await cli(args)).toContain('undefined');
  });
});

describe('mistakes, all found without an adapter', () => {
  const changed = (change: (copy: CircuitJson) => void): object => {
    const copy = structuredClone(circuit);
    change(copy);
    return copy;
  };

  test.each<[string, () => object, RegExp]>([
    ['another number of layers', () => changed((c) => (c.cfg['n_layers'] = 4)), /cfg: layers 4, expected 3/],
    ['an edge of a larger model', () => ({ edges: { 'a9.h9->logits': { in_graph: true } } }), /"a9\.h9->logits"/],
    ['an edge without its port', () => ({ edges: { 'a0.h0->a1.h0': { in_graph: true } } }), /"a0\.h0->a1\.h0"/],
    ['no in_graph', () => ({ edges: { 'm2->logits': { score: 1 } } }), /edges\["m2->logits"\]\.in_graph/],
    ['a text as in_graph', () => ({ edges: { 'm2->logits': { in_graph: 'yes' } } }), /in_graph: got "yes"/],
    ['no edges', () => ({ nodes: {} }), /an object with "nodes", without "edges" by name/],
    ['an array', () => [], /neither an object nor a list of pairs/],
    ['another schema', () => changed((c) => (c.edgewise.schema_version = 2)), /schema_version is 2, expected 1/],
    [
      'an unknown ablation',
      () => changed((c) => (c.edgewise.provenance['ablation'] = 'noise')),
      /edgewise\.provenance\.ablation: got "noise"/,
    ],
  ])('a circuit with %s', async (_, contents, message) => {
    const file = await write('bad.json', contents());
    expectMistake(await runCli(command(file), { env: NO_ADAPTER }), file, message);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['binary garbage', Uint8Array.from({ length: 500 }, (_, i) => (i * 37) & 255), /is not UTF-8 text/],
    ['nothing', '', /is empty/],
    ['half of a file', '{"edges": {"m0->m1": {"in_gr', /not valid JSON/],
  ])('a circuit file with %s', async (_, contents, message) => {
    await writeFile(inFolder('raw.json'), contents);
    expectMistake(await runCli(command(inFolder('raw.json')), { env: NO_ADAPTER }), /raw\.json/, message);
    const exported = await runCli(['export', inFolder('raw.json'), '--format', 'dot'], { env: NO_ADAPTER });
    expectMistake(exported, /raw\.json/, message);
  });

  test('a folder, a missing file, a metric without answers', async () => {
    expectMistake(
      await runCli(command(folder.path), { env: NO_ADAPTER }),
      /: holds \d+ circuits, expected one: name one of .*"run\/circuit\.json"/,
    );
    expectMistake(await runCli(command(inFolder('no.json')), { env: NO_ADAPTER }), /no\.json: there is no such file/);
    const silent = await writeRows(folder.path, 'mute.jsonl', [{ clean_ids: [1, 2], corrupted_ids: [1, 3] }]);
    const args = [...command(inFolder('run/circuit.json')).with(4, silent), '--metric', 'logit-diff'];
    expectMistake(await runCli(args, { env: NO_ADAPTER }), /mute\.jsonl, line 1: correct .*is missing/);
  });
});
