import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { detailsFit, fileTopology, parseCircuit, parseDetails, resolveCircuit } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, finished, NO_ADAPTER, runCli, startCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';
import { openDocument } from '../../viewer/data/open-document.js';

interface Report {
  tested: number;
  kept: number;
  edges: number;
  initial: number;
  final: number;
  empty: number;
  faithfulness: number;
  seconds: number;
  files: string[];
}

interface CircuitJson {
  cfg: object;
  nodes: Record<string, { in_graph: boolean }>;
  edges: Record<string, { score: number; in_graph: boolean; tested?: boolean; step?: number }>;
  edgewise: {
    schema_version: number;
    provenance: Record<string, unknown>;
    untested_removals: string[];
  };
}

const FILES = ['circuit.gexf', 'circuit.json', 'details.json', 'trace.jsonl'];
const WITHOUT_DETAILS = FILES.filter((file) => file !== 'details.json');
const folder = useFolder();
let task: string;
let discover: string[];
const inFolder = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  discover = ['discover', '--model', TINY_MODEL, '--task', task];
});

describe('a search', () => {
  let report: Report;
  let files: Record<string, string>;
  let circuit: CircuitJson;

  beforeAll(async () => {
    report = await cliJson<Report>([...discover, '--out', inFolder('run')]);
    files = await contents(inFolder('run'));
    circuit = JSON.parse(files['circuit.json']!) as CircuitJson;
  });

  test('reports its numbers and files as JSON', () => {
    expect(report).toMatchObject({ edges: TINY_EDGES, initial: expect.closeTo(0, 5) });
    expect(report.files.map((file) => basename(file)).sort()).toEqual(FILES);
    expect(report.files.every((file) => existsSync(file))).toBe(true);
    expect(report.seconds).toBeGreaterThan(0);
    expect(report.kept).toBeGreaterThan(0);
    expect(report.kept).toBeLessThan(report.tested);
    expect(report.tested).toBeLessThanOrEqual(TINY_EDGES);
    expect(report.faithfulness).toBeCloseTo((report.final - report.empty) / (report.initial - report.empty), 9);
  });

  test('writes these files and no others', () => {
    expect(Object.keys(files)).toEqual(FILES);
  });

  test('writes every decision in order', () => {
    const steps = files['trace.jsonl']!.trimEnd().split('\n');
    expect(steps.length).toBe(report.tested);
    let before = report.initial;
    let kept = 0;
    for (const [index, line] of steps.entries()) {
      const step = JSON.parse(line) as { step: number; edge: string; before: number; after: number; kept: boolean };
      expect(Object.keys(step)).toEqual(['step', 'edge', 'before', 'after', 'kept']);
      expect(step.step).toBe(index);
      expect(step.before).toBe(before);
      expect(step.kept).toBe(!(step.after - step.before < 0.05));
      expect(circuit.edges[step.edge]).toEqual({ score: step.after - step.before, in_graph: step.kept, step: index });
      if (step.kept) kept++;
      else before = step.after;
    }
    expect(before).toBe(report.final);
    expect(kept).toBe(report.kept);
  });

  test('writes the circuit in the interchange schema', () => {
    expect(Object.keys(circuit)).toEqual(['cfg', 'nodes', 'edges', 'edgewise']);
    expect(circuit.cfg).toEqual({ n_layers: 3, n_heads: 5, parallel_attn_mlp: false, d_model: 30 });
    expect(Object.keys(circuit.nodes)).toHaveLength(1 + 3 * 6 + 1);
    const edges = Object.entries(circuit.edges);
    expect(edges).toHaveLength(TINY_EDGES);
    expect(edges.filter(([, edge]) => edge.in_graph)).toHaveLength(report.kept);
    for (const [name, edge] of edges) {
      expect(Number.isFinite(edge.score), name).toBe(true);
      if (edge.step === undefined) expect(edge, name).toEqual({ score: 0, in_graph: false, tested: false });
    }
    const untested = edges.filter(([, edge]) => edge.step === undefined).map(([name]) => name);
    expect(circuit.edgewise.untested_removals.toSorted()).toEqual(untested.toSorted());
    const own = ['schema_version', 'provenance', 'untested_removals', 'in_circuit', 'idle', 'curve'];
    expect(Object.keys(circuit.edgewise)).toEqual(own);
    expect(circuit.edgewise.provenance).toMatchObject({
      method: 'acdc',
      model: { name: 'gpt2', family: 'gpt2' },
      tokenizer: null,
      task: { name: 'pairs' },
      prompts: { count: 3, skip: 0 },
      ablation: 'resample',
      metric: 'kl',
      threshold: 0.05,
      metrics: { initial: report.initial, final: report.final, empty: report.empty },
    });
  });

  test('draws the kept edges, each under its name', () => {
    const names = [...files['circuit.gexf']!.matchAll(/<edge id="([^"]*)"/g)].map(([, name]) =>
      name!.replaceAll('&lt;', '<').replaceAll('&gt;', '>'),
    );
    const kept = Object.keys(circuit.edges).filter((name) => circuit.edges[name]!.in_graph);
    expect(names.sort()).toEqual(kept.sort());
  });

  test('leaves dates, durations and paths out of the files', () => {
    for (const [name, text] of Object.entries(files)) {
      expect(text, name).not.toContain(folder.path);
      expect(text, name).not.toContain(TINY_MODEL);
      expect(text, name).not.toMatch(/\b(19|20)\d\d-\d\d-\d\d|second|duration|elapsed|date"/i);
    }
  });

  test('writes the same bytes again, into its own folder without --force and elsewhere', async () => {
    await cli([...discover, '--out', inFolder('run')]);
    expect(await contents(inFolder('run'))).toEqual(files);
    await cli([...discover, '--out', inFolder('a/new/place')]);
    expect(await contents(inFolder('a/new/place'))).toEqual(files);
  });

  test('--sparse lists the kept edges alone, as export does; what lies beside fits it', async () => {
    const out = inFolder('sparse');
    await cli([...discover, '--out', out, '--sparse']);
    const { 'circuit.json': text, ...beside } = await contents(out);
    const { 'circuit.json': _, ...wanted } = files;
    expect(beside).toEqual(wanted);
    const whole = inFolder('run/circuit.json');
    expect(text).toBe(await cli(['export', whole, '--format', 'json', '--sparse'], { env: NO_ADAPTER }));
    expect(Object.keys((JSON.parse(text!) as CircuitJson).edges)).toHaveLength(report.kept);
    const [trace, details] = [files['trace.jsonl']!, files['details.json']!];
    const opened = openDocument({ name: 'circuit.json', text: text!, trace, details, saveTo: null });
    expect(opened.warnings).toEqual([]);
    expect(opened.trace).toHaveLength(report.tested);
  });

  test('needs --force for the folder of another run, and replaces it then', async () => {
    const other = [...discover, '--out', inFolder('run'), '--threshold', '0.2'];
    expectMistake(await runCli(other, { env: NO_ADAPTER }), inFolder('run'), /differs in threshold; use --force/);
    expect(await contents(inFolder('run'))).toEqual(files);
    await cli([...other, '--force']);
    const replaced = await contents(inFolder('run'));
    expect(Object.keys(replaced)).toEqual(FILES);
    expect(replaced['trace.jsonl']).not.toBe(files['trace.jsonl']);
    await cli([...discover, '--out', inFolder('run'), '--force']);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('stopped early by %s leaves nothing', async (signal) => {
    const out = inFolder(`stopped-${signal}`);
    // So many prompts that it is far from its first test when it is stopped.
    const long = await writeRows(folder.path, 'long.jsonl', tinyRows(300));
    const child = startCli([...discover, '--task', long, '--threshold=-1', '--negative-threshold', '--out', out]);
    const end = finished(child);
    await new Promise((resolve) => setTimeout(resolve, 250));
    child.kill(signal);
    const { code, stdout } = await end;
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(existsSync(out)).toBe(false);
  });
});

describe('details', () => {
  const quick = ['--prompts', '2', '--threshold', '0.5'];

  test('belong to the circuit beside them, with ids for tokens where there is no tokenizer', async () => {
    await cli([...discover, ...quick, '--out', inFolder('details')]);
    const files = await contents(inFolder('details'));
    const details = parseDetails(files['details.json']!, 'details.json');
    const file = parseCircuit(files['circuit.json']!, 'circuit.json');
    const circuit = resolveCircuit(file, fileTopology(file));
    expect(detailsFit(details, circuit)).toBe(true);
    expect(details.prompts.map((prompt) => prompt.clean)).toEqual(
      tinyRows(2).map((row) => row.clean_ids.map((id) => `#${id}`)),
    );
    expect(Object.keys(details.inCircuit)).toEqual(Object.keys(details.edges));
  });

  test('are left out on demand, and those of an earlier run then removed', async () => {
    const run = [...discover, ...quick, '--out', inFolder('bare')];
    await cli(run);
    expect((await readdir(inFolder('bare'))).sort()).toEqual(FILES);
    const text = await cli([...run, '--no-details']);
    expect((await readdir(inFolder('bare'))).sort()).toEqual(WITHOUT_DETAILS);
    expect(text).not.toContain('details.json');
  });
});

describe('where results go', () => {
  test('by default runs/<model>.<task>.<method>', async () => {
    const text = await cli([...discover, '--prompts', '1', '--threshold', '100'], { cwd: folder.path });
    const out = join('runs', 'gpt2.pairs.acdc');
    expect((await readdir(inFolder(out))).sort()).toEqual(FILES);
    for (const file of FILES) expect(text).toContain(join(out, file));
    expect(text).toMatch(/^pairs on gpt2, 1 prompt, resample ablation\n {2}kept 0 of 370 edges: \d+ tested/);
    expect(text).toMatch(/faithfulness -?0\.000/);
  });

  test('a folder with foreign files needs --force, and keeps them', async () => {
    const out = inFolder('foreign');
    await mkdir(out);
    await writeFile(join(out, 'notes.txt'), 'mine');
    const args = [...discover, '--threshold', '100', '--out', out];
    expectMistake(await runCli(args, { env: NO_ADAPTER }), out, /not empty.*--force/);
    await writeFile(join(out, 'circuit.json'), '{"edges":{}}');
    expectMistake(await runCli(args, { env: NO_ADAPTER }), out, /not empty.*--force/);
    await cli([...args, '--force']);
    expect((await readdir(out)).sort()).toEqual([...FILES, 'notes.txt'].sort());
    expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test.each([
    ['a file', (): string => task, /pairs\.jsonl: cannot be created: .*pairs\.jsonl is a file/],
    ['below a file', (): string => join(task, 'x'), /cannot be created: .*pairs\.jsonl is a file/],
    ['an empty name', (): string => '', /--out/],
  ])('%s is refused before an adapter is asked for', async (_, out, message) => {
    expectMistake(await runCli([...discover, '--out', out()], { env: NO_ADAPTER }), message);
  });

  test.skipIf(process.platform !== 'linux')(
    'an unwritable place is refused before an adapter is asked for',
    async () => {
      const result = await runCli([...discover, '--out', '/proc/edgewise/run'], { env: NO_ADAPTER });
      expectMistake(result, /\/proc\/edgewise\/run: cannot be written/);
    },
  );

  test('without an adapter nothing is created', async () => {
    const result = await runCli([...discover, '--out', inFolder('none')], { env: NO_ADAPTER });
    expectMistake(result, /no WebGPU adapter was found; run 'npm run setup'/);
    expect(existsSync(inFolder('none'))).toBe(false);
  });
});
