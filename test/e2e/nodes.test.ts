/** What files say of nodes and of their neurons (output dimensions). */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Node {
  readonly in_graph: boolean;
  readonly score?: number;
  readonly neurons?: boolean[];
  readonly neurons_scores?: number[];
}

interface FileJson {
  readonly nodes: Readonly<Record<string, Node>>;
  readonly edges: Readonly<Record<string, { readonly score: number; readonly in_graph: boolean; scored?: boolean }>>;
}

/** Of the tiny model. */
const CFG = { n_layers: 3, n_heads: 5, parallel_attn_mlp: false, d_model: 30 };
const folder = useFolder();
const options = { env: NO_ADAPTER };
const at = (name: string): string => join(folder.path, name);
const json = async (name: string): Promise<FileJson> => JSON.parse(await readFile(at(name), 'utf8')) as FileJson;
let task: string;

/** A circuit of another program that goes from the input through one MLP, with these nodes. */
function foreign(name: string, nodes: object): Promise<string> {
  const edges = ['input->m1', 'm1->logits', 'm0->logits'];
  return write(name, nodes, (edge) => ({ score: 1, in_graph: edge !== 'm0->logits' }), edges);
}

async function write(
  name: string,
  nodes: object,
  edge: (name: string) => object,
  names: readonly string[],
): Promise<string> {
  const edges = Object.fromEntries(names.map((one) => [one, edge(one)]));
  await writeFile(at(name), JSON.stringify({ cfg: CFG, nodes, edges }));
  return at(name);
}

const evaluate = (circuit: string): string[] => [
  'evaluate',
  '--model',
  TINY_MODEL,
  '--task',
  task,
  '--metric',
  'logit-diff',
  '--circuit',
  circuit,
];

beforeAll(async () => {
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
});

describe('a node that the model lacks', () => {
  test.each(['m3', 'a0.h5', 'a1.h0<q>', 'resid'])('%s', async (node) => {
    const file = await foreign('unknown.json', { m1: { in_graph: true }, [node]: { in_graph: false } });
    const message = new RegExp(`unknown\\.json: node "${node}": not in a model with 3 layers of 5 heads`);
    for (const args of [
      ['import', file, '--out', at('never')],
      ['export', file, '--format', 'dot', '--out', at('never')],
      ['export', file, '--format', 'html', '--out', at('never')],
      evaluate(file),
    ]) {
      expectMistake(await runCli(args, options), message);
    }
    expect(existsSync(at('never'))).toBe(false);
  });

  test('every node that it has is known by its name', async () => {
    const heads = [0, 1, 2].flatMap((layer) => [0, 1, 2, 3, 4].map((head) => `a${layer}.h${head}`));
    const names = ['input', ...heads, 'm0', 'm1', 'm2', 'logits'];
    const file = await foreign('known.json', Object.fromEntries(names.map((name) => [name, { in_graph: true }])));
    await cli(['import', file, '--out', at('known')], options);
  });
});

describe('a node of which the file leaves out neurons', () => {
  const some = (without: number): boolean[] => Array.from({ length: 30 }, (_, i) => i >= without);
  const told = /nodes\["m1"\]\.neurons leaves out 3 neurons of that node; circuits here are of whole nodes/;

  test('is not evaluated', async () => {
    const file = await foreign('masked.json', { m1: { in_graph: true, neurons: some(3) } });
    expectMistake(await runCli(evaluate(file), options), /masked\.json: /, told);
    const two = { m1: { in_graph: true, neurons: some(3) }, m0: { in_graph: true, neurons: some(1) } };
    const message = /neurons of that node, and some of 1 other nodes; circuits here/;
    expectMistake(await runCli(evaluate(await foreign('two.json', two)), options), message);
  });

  test('is imported and exported whole, with a note', async () => {
    const file = await foreign('masked.json', { m1: { in_graph: true, neurons: some(3) } });
    const whole = await foreign('whole.json', { m1: { in_graph: true, neurons: some(0) } });
    const exported = (path: string) => runCli(['export', path, '--format', 'edge-pruning'], options);
    const imported = (path: string, out: string) => runCli(['import', path, '--json', '--out', at(out)], options);
    const [note, silent] = [await exported(file), await exported(whole)];
    expect(note.stderr).toMatch(new RegExp(`^note: ${told.source}: their edges are written as if all .* kept\n$`));
    expect(silent).toMatchObject({ code: 0, stderr: '' });
    expect(note.stdout).toBe(silent.stdout);
    const read = await imported(file, 'masked');
    expect(read.stderr).toMatch(new RegExp(`^note: ${told.source}: their edges are taken as if all .* kept\n$`));
    expect(JSON.parse(read.stdout)).toMatchObject({ kept: 2, notes: [expect.stringMatching(told)] });
    expect(await imported(whole, 'whole')).toMatchObject({ code: 0, stderr: '' });
    expect((await json('masked/circuit.json')).edges).toEqual((await json('whole/circuit.json')).edges);
  });

  test('is evaluated where it leaves out all, and every edge of them', async () => {
    const out = { m1: { in_graph: true }, m0: { in_graph: false, neurons: some(30) } };
    expect(await cliJson(evaluate(await foreign('out.json', out)))).toMatchObject({ edges: 2 });
    const gone = { m1: { in_graph: true, neurons: some(30) } };
    expectMistake(await runCli(evaluate(await foreign('gone.json', gone)), options), /leaves out 30 neurons/);
  });

  test('is evaluated where all are kept', async () => {
    const file = await foreign('whole.json', { m1: { in_graph: true, neurons: some(0) } });
    expect(await cliJson(evaluate(file))).toMatchObject({ edges: 2 });
  });

  test.each<[string, unknown, RegExp]>([
    ['a number', 30, /nodes\["m1"\]\.neurons: got 30, expected an array/],
    ['another length', [true], /nodes\["m1"\]\.neurons: 1 of them, expected cfg\.d_model \(30\)/],
    ['numbers', [true, 1], /nodes\["m1"\]\.neurons: got 1, expected true or false for each/],
  ])('is no list of %s', async (_, neurons, message) => {
    const file = await foreign('numbers.json', { m1: { in_graph: true, neurons } });
    for (const args of [evaluate(file), ['import', file, '--out', at('never')]]) {
      expectMistake(await runCli(args, options), message);
    }
  });
});

describe('scores of neurons', () => {
  const row = (shift: number): number[] => Array.from({ length: 30 }, (_, i) => Math.sin(i + shift));

  test('alone are scores too, and come through', async () => {
    const nodes = { m0: { in_graph: true, neurons_scores: row(0) }, m1: { in_graph: true, neurons_scores: row(1) } };
    const file = await write('neurons.json', nodes, () => ({ score: null, in_graph: false }), ['m0->m1', 'm1->logits']);
    const report = await cliJson(['import', file, '--sign', 'hurts', '--out', at('neurons')], options);
    expect(report).toMatchObject({ scored: 0, kept: null, positive: 'helps', files: [at('neurons/scores.json')] });
    const { nodes: imported, edges } = await json('neurons/scores.json');
    expect(imported['m0']!.neurons_scores).toEqual(row(0).map((score) => (score === 0 ? 0 : -score)));
    expect(imported['m1']!.neurons_scores).toEqual(row(1).map((score) => -score));
    expect(imported['m2']!.neurons_scores).toBeUndefined();
    for (const edge of Object.values(edges)) expect(edge.scored).toBe(false);
  });

  test('of the model sum up to those of its nodes, of which a circuit is chosen', async () => {
    const attribute = ['attribute', '--model', TINY_MODEL, '--task', task, '--method', 'eap', '--granularity'];
    await cli([...attribute, 'neuron', '--out', at('by-neuron')]);
    await cli([...attribute, 'node', '--out', at('by-node')]);
    const [neurons, nodes] = [await json('by-neuron/scores.json'), await json('by-node/scores.json')];
    const writers = Object.entries(neurons.nodes).filter(([name]) => name !== 'logits');
    expect(writers).toHaveLength(1 + 3 * 6);
    for (const [name, { score, neurons_scores: parts }] of writers) {
      expect(parts).toHaveLength(30);
      const sizes = parts!.reduce((sum, part) => sum + Math.abs(part), 0);
      expect(Math.abs(score! - parts!.reduce((sum, part) => sum + part, 0))).toBeLessThanOrEqual(1e-12 * sizes);
      // The kernels add f32 in another order.
      expect(Math.abs(score! - nodes.nodes[name]!.score!)).toBeLessThanOrEqual(1e-5 * sizes);
    }
    const strongest = writers
      .toSorted(([, a], [, b]) => Math.abs(b.score!) - Math.abs(a.score!))
      .slice(0, 2)
      .map(([name]) => name);
    const select = ['export', at('by-neuron/scores.json'), '--select', 'top-nodes:2', '--no-prune', '--format', 'json'];
    const { edges } = JSON.parse(await cli(select, options)) as FileJson;
    const kept = Object.entries(edges).filter(([, edge]) => edge.in_graph);
    expect(new Set(kept.map(([name]) => name.split('->')[0]))).toEqual(new Set(strongest));
  });
});
