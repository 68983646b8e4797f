/** discover by scores, and screened. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { detailsFit, fileTopology, parseCircuit, parseDetails, resolveCircuit } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Report {
  kept: number;
  edges: number;
  initial: number;
  final: number;
  empty: number;
  faithfulness: number;
  files: string[];
}

interface ScreenedReport extends Report {
  tested: number;
  screening: { cutoff: number; retested: number; disagreed: number; started: number };
  plain?: { kept: number; shared: number; onlyScreened: number; onlyPlain: number };
}

interface CircuitJson {
  edges: Record<string, { score: number; in_graph: boolean }>;
  edgewise: { provenance: Record<string, unknown> };
}

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let task: string;
const discover = (out: string, ...options: string[]): string[] => [
  'discover',
  '--model',
  TINY_MODEL,
  '--task',
  task,
  '--out',
  inFolder(out),
  ...options,
];
const circuitOf = async (out: string): Promise<CircuitJson> =>
  JSON.parse(await readFile(join(inFolder(out), 'circuit.json'), 'utf8')) as CircuitJson;

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
});

describe('by scores', () => {
  test('from model to circuit files in one command, measured as evaluate measures them', async () => {
    const report = await cliJson<Report>(discover('eap-ig', '--method', 'eap-ig-inputs', '--edges', '12'));
    const { edges, edgewise } = await circuitOf('eap-ig');
    const kept = Object.values(edges).filter((edge) => edge.in_graph).length;
    expect(report).toMatchObject({ kept, edges: TINY_EDGES });
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(12);
    expect(edgewise.provenance).toMatchObject({
      method: 'eap-ig-inputs',
      metric: 'logit-diff',
      steps: 5,
      selection: { rule: 'top', limit: 12, absolute: true, pruned: true, chosen: 12 },
      metrics: { initial: report.initial, final: report.final, empty: report.empty },
    });
    expect(report.files.map((file) => file.split('/').at(-1))).toEqual([
      'circuit.json',
      'circuit.gexf',
      'scores.json',
      'details.json',
    ]);
    const text = (name: string): Promise<string> => readFile(join(inFolder('eap-ig'), name), 'utf8');
    const file = parseCircuit(await text('circuit.json'), 'circuit.json');
    const details = parseDetails(await text('details.json'), 'details.json');
    const circuit = resolveCircuit(file, fileTopology(file));
    expect(detailsFit(details, circuit)).toBe(true);
    expect(detailsFit(details, { ...circuit, kept: EdgeSet.full(circuit.topology) })).toBe(false);
    const measured = await cliJson<{ circuit: number; faithfulness: number }>([
      'evaluate',
      '--model',
      TINY_MODEL,
      '--task',
      task,
      '--circuit',
      join(inFolder('eap-ig'), 'circuit.json'),
      '--metric',
      'logit-diff',
    ]);
    expect(measured).toMatchObject({ circuit: report.final, faithfulness: report.faithfulness });
  });

  test('the strongest edges of scores.json, or the best connected ones', async () => {
    await cli(discover('top', '--method', 'eap', '--edges', '8', '--no-details', '--no-in-circuit'));
    await cli(discover('greedy', '--method', 'eap', '--edges', '8', '--greedy', '--no-details', '--no-in-circuit'));
    const { edges } = JSON.parse(await readFile(join(inFolder('top'), 'scores.json'), 'utf8')) as CircuitJson;
    const strongest = Object.entries(edges)
      .sort(([, a], [, b]) => Math.abs(b.score) - Math.abs(a.score))
      .slice(0, 8)
      .map(([name]) => name);
    const top = Object.entries((await circuitOf('top')).edges).filter(([, edge]) => edge.in_graph);
    for (const [name] of top) expect(strongest).toContain(name);
    const greedy = Object.values((await circuitOf('greedy')).edges).filter((edge) => edge.in_graph);
    expect(greedy.length).toBeGreaterThan(0);
  });

  test('equal runs write equal bytes; a threshold chooses too', async () => {
    const once = discover('once', '--method', 'clean-corrupted', '--threshold', '0.001');
    await cli(once);
    const bytes = await contents(inFolder('once'));
    await cli(once);
    expect(await contents(inFolder('once'))).toEqual(bytes);
  });

  test.each([
    ['needs --edges, how many to choose, or one --threshold', ['--method', 'eap']],
    ['needs --edges', ['--method', 'eap', '--edges', '3', '--threshold', '1']],
    ['--greedy: goes with --edges', ['--method', 'eap', '--threshold', '1', '--greedy']],
    ['--greedy: has no meaning for acdc', ['--greedy']],
    ['--steps: has no meaning for eap', ['--method', 'eap', '--edges', '3', '--steps', '2']],
    ['--steps: has no meaning for acdc', ['--steps', '2']],
    ['--abs: has no meaning for eap', ['--method', 'eap', '--edges', '3', '--abs']],
    ['--compare: has no meaning for acdc', ['--compare']],
    ['--screen: has no meaning for eap', ['--method', 'eap', '--edges', '3', '--screen', '1']],
    ['KL divergence from the clean run has no gradient', ['--method', 'eap', '--edges', '3', '--metric', 'kl']],
  ])('mistake: %s', async (message, options) => {
    expectMistake(await runCli(discover('mistakes', ...options)), message);
  });

  test.each(['eap', 'information-flow'])(
    '%s: more edges than there are, found before any is scored',
    async (method) => {
      const most = `got ${TINY_EDGES + 1}, the model has ${TINY_EDGES}`;
      const args = discover('too-many', '--method', method, '--edges', String(TINY_EDGES + 1));
      for (const more of [[], ['--greedy']]) {
        expectMistake(await runCli([...args, ...more], { env: NO_ADAPTER }), `--edges: ${most}`);
      }
      expect(existsSync(inFolder('too-many'))).toBe(false);
    },
  );
});

describe('screened', () => {
  test('says what was screened, tested again and found, and what a search from the whole model finds', async () => {
    const args = discover('screened', '--method', 'screened', '--threshold', '0.002', '--retest', '6', '--compare');
    const report = await cliJson<ScreenedReport>(args);
    const { cutoff, retested, disagreed, started } = report.screening;
    expect(cutoff).toBeCloseTo(0.0002, 12);
    expect(retested).toBeLessThanOrEqual(6);
    expect(disagreed).toBeLessThanOrEqual(retested);
    expect(report.kept).toBeLessThanOrEqual(started);
    expect(report.tested).toBeLessThanOrEqual(started);
    const { plain } = report;
    expect(plain!.shared + plain!.onlyPlain).toBe(plain!.kept);
    expect(plain!.shared + plain!.onlyScreened).toBe(report.kept);
    const { edgewise } = await circuitOf('screened');
    expect(edgewise.provenance).toMatchObject({
      method: 'screened',
      metric: 'kl',
      threshold: 0.002,
      steps: 5,
      screening: report.screening,
    });
    const bytes = await contents(inFolder('screened'));
    await cli(args);
    expect(await contents(inFolder('screened'))).toEqual(bytes);
    // Screened so that nothing is left out, it is the search from the whole model.
    const all = discover('all', '--method', 'screened', '--threshold', '0.002', '--screen', '1e-30', '--retest', '0');
    const whole = await cliJson<ScreenedReport>(all);
    expect(whole.kept).toBe(plain!.kept);
  });

  test.each([
    ['--threshold: screened searches at one', ['--threshold', '0.1,0.2']],
    ['--threshold: got 0, screened needs one above 0', ['--threshold', '0']],
    ['--edges: has no meaning for screened', ['--edges', '5']],
    ['--screen: got 0, expected a number above 0', ['--screen', '0']],
    ['--signed: has no meaning for screened', ['--signed']],
    ['--scope: has no meaning for screened', ['--scope', 'all']],
    ['--ablation: got zero; screened takes resample only', ['--ablation', 'zero']],
    ['--ablation: got mean; screened takes resample only', ['--ablation', 'mean']],
  ])('mistake: %s', async (message, options) => {
    expectMistake(await runCli(discover('mistakes', '--method', 'screened', ...options)), message);
  });
});
