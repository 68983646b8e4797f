/** What `inspect` makes of circuit files: those of a run without its keys, of another format, of another program. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { CIRCUIT_WRITERS, openCircuit, parseDetails, writeDetails } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';
import { openCircuitDocument } from '../support/viewer.js';

interface OwnKeys {
  measured_with?: object;
  in_circuit?: Record<string, number>;
  idle?: string[];
  curve?: { edges: number; faithfulness: number; necessity: number }[];
  provenance?: object;
  view?: object;
}
interface CircuitJson {
  edges: Record<string, { in_graph: boolean; score: number }>;
  edgewise: OwnKeys;
}
interface Summary {
  readonly kept: number;
  readonly final: number;
  readonly faithfulness: number;
  readonly strongest: readonly { readonly edge: string; readonly effect: number }[];
  readonly idle: readonly string[];
  readonly curve: NonNullable<OwnKeys['curve']>;
  readonly files: readonly string[];
  readonly replaced: readonly string[];
}

const folder = useFolder();
let run: string[];
let found: string;
let whole: CircuitJson;

const text = (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');
const json = async (...path: string[]): Promise<CircuitJson> => JSON.parse(await text(...path)) as CircuitJson;

/** A folder of its own with the found circuit.json, changed. */
async function folderWith(name: string, change: (file: CircuitJson) => object): Promise<string> {
  const out = join(folder.path, name);
  await mkdir(out);
  const file = change(structuredClone(whole));
  await writeFile(join(out, 'circuit.json'), JSON.stringify(file));
  return out;
}

const withoutKeys = (file: CircuitJson): CircuitJson => {
  const { in_circuit: _, idle: _idle, curve: _curve, ...own } = file.edgewise;
  return { ...file, edgewise: own };
};

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(4));
  run = ['--model', TINY_MODEL, '--task', task];
  found = join(folder.path, 'found');
  await cli(['discover', ...run, '--prompts', '3', '--threshold', '0.01', '--out', found]);
  whole = await json(found, 'circuit.json');
});

test('a result without the keys gets them in place, and loses nothing', async () => {
  const view = { notes: { m0: 'mine' } };
  const out = await folderWith('bare', (file) => ({
    ...withoutKeys(file),
    edgewise: { ...withoutKeys(file).edgewise, view },
  }));
  await copyFile(join(found, 'details.json'), join(out, 'details.json'));
  const summary = await cliJson<Summary>(['inspect', ...run, '--circuit', out]);
  const made = await json(out, 'circuit.json');
  expect(made).toEqual({ ...whole, edgewise: { ...whole.edgewise, view } });
  // Details of this very run lie beside it: the effects at the decision stay.
  expect(await text(out, 'details.json')).toBe(await text(found, 'details.json'));
  expect(summary.replaced).toEqual(summary.files);
  expect(summary.files).toEqual(['circuit.json', 'details.json'].map((name) => join(out, name)));
  expect(summary.curve).toEqual(whole.edgewise.curve);
  expect(summary.idle).toEqual(whole.edgewise.idle);
  const { edge, effect } = summary.strongest[0]!;
  expect(effect).toBe(whole.edgewise.in_circuit![edge]);
  expect(Math.abs(effect)).toBe(Math.max(...Object.values(whole.edgewise.in_circuit!).map(Math.abs)));
});

test('a file of another format: its copy and details lie beside it, and the viewer shows them', async () => {
  const out = join(folder.path, 'gexf');
  await mkdir(out);
  const source = join(out, 'edited.gexf');
  await copyFile(join(found, 'circuit.gexf'), source);
  const said = await cli(['inspect', ...run, '--circuit', source]);
  expect(said).toContain('faithfulness');
  expect(said).toContain(`look at it: edgewise view ${join(out, 'circuit.json')}`);
  expect((await readdir(out)).toSorted()).toEqual(['circuit.json', 'details.json', 'edited.gexf']);
  expect(await text(source)).toBe(await text(found, 'circuit.gexf'));
  const made = await json(out, 'circuit.json');
  expect(made.edgewise.in_circuit).toEqual(whole.edgewise.in_circuit);
  expect(made.edgewise.curve).toEqual(whole.edgewise.curve);
  const files = { text: await text(out, 'circuit.json'), trace: null, details: await text(out, 'details.json') };
  const document = openCircuitDocument({ name: 'circuit.json', saveTo: null, ...files });
  expect(document.warnings).toEqual([]);
  expect(Object.keys(document.details!.inCircuit)).toEqual(Object.keys(whole.edgewise.in_circuit!));
  expect(document.details!.edges).toEqual({});
});

test("another program's circuit is measured as options say; it is not replaced unless that is said", async () => {
  const out = join(folder.path, 'foreign');
  await mkdir(out);
  const source = join(out, 'circuit.json');
  const { circuit } = openCircuit(await text(found, 'circuit.json'), 'f');
  const foreign = CIRCUIT_WRITERS['eap-ig'](circuit);
  await writeFile(source, foreign);
  const options = ['--prompts', '2', '--skip', '1', '--metric', 'logit-diff', '--ablation', 'zero', '--no-details'];
  const args = ['inspect', ...run, '--circuit', source, ...options];
  expectMistake(
    await runCli(args, { env: NO_ADAPTER }),
    `${source}: is the inspected file itself, which holds more than its copy would; use --force`,
  );
  expect(await text(source)).toBe(foreign);

  const elsewhere = join(folder.path, 'elsewhere');
  const summary = await cliJson<Summary & { metric: string; ablation: string; prompts: number }>([
    ...args,
    '--out',
    elsewhere,
  ]);
  expect(summary).toMatchObject({ metric: 'logit-diff', ablation: 'zero', prompts: 2, replaced: [] });
  expect(await readdir(elsewhere)).toEqual(['circuit.json']);
  const made = await json(elsewhere, 'circuit.json');
  expect(made.edgewise.measured_with).toMatchObject({
    prompts: { count: 2, skip: 1 },
    metric: 'logit-diff',
    ablation: 'zero',
  });
  const inGraph = ({ edges }: CircuitJson): string[] => Object.keys(edges).filter((name) => edges[name]!.in_graph);
  expect(inGraph(made)).toEqual(inGraph(whole));
  expect(Object.keys(made.edgewise.in_circuit!)).toEqual(inGraph(whole));
  const evaluated = await cliJson<{ circuit: number; faithfulness: number }>([
    'evaluate',
    ...run,
    '--circuit',
    source,
    ...options.slice(0, -1),
  ]);
  expect(summary.final).toBe(evaluated.circuit);
  expect(summary.faithfulness).toBe(evaluated.faithfulness);
});

test('keys that do not fit an edited file are left aside, and are made for what it keeps', async () => {
  const out = await folderWith('edited', (file) => {
    const [first] = Object.keys(file.edgewise.in_circuit!);
    file.edges[first!]!.in_graph = false;
    return file;
  });
  const { stderr, code } = await runCli(['inspect', ...run, '--circuit', join(out, 'circuit.json'), '--no-details']);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/note: .*its effects in the circuit and its curve are of other edges than it keeps/);
  const made = await json(out, 'circuit.json');
  expect(Object.keys(made.edgewise.in_circuit!)).toEqual(Object.keys(whole.edgewise.in_circuit!).slice(1));
});

test('on another task the file says what was measured, and the viewer takes it', async () => {
  const other = await writeRows(folder.path, 'others.jsonl', tinyRows(5).slice(3));
  const out = join(folder.path, 'other-task');
  const args = ['inspect', '--model', TINY_MODEL, '--task', other, '--circuit', found, '--out', out];
  const { stderr, code } = await runCli(args);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('note: the circuit was found on another task, pairs');
  const made = await json(out, 'circuit.json');
  expect(made.edgewise.provenance).toEqual(whole.edgewise.provenance);
  expect(made.edgewise.measured_with).toMatchObject({ task: { name: 'others' }, prompts: { count: 2, skip: 0 } });
  const details = await text(out, 'details.json');
  const files = { trace: null, details, name: 'circuit.json', saveTo: null };
  expect(openCircuitDocument({ ...files, text: await text(out, 'circuit.json') }).details!.prompts).toHaveLength(2);
  const { warnings } = openCircuitDocument({ ...files, text: await text(found, 'circuit.json') });
  expect(warnings.join()).toContain('details of circuit.json: belong to another circuit');
});

test('what cannot be inspected, or would be overwritten, is refused before a device is opened', async () => {
  const env = NO_ADAPTER;
  const circuit = ['--circuit', found];
  const scores = await folderWith('scores', ({ edges }) => ({
    edges: Object.fromEntries(Object.entries(edges).map(([name, edge]) => [name, { ...edge, in_graph: true }])),
  }));
  expectMistake(
    await runCli(['inspect', ...run, '--circuit', scores], { env }),
    'scores edges and chooses none; choose some first: edgewise import --select',
  );
  const taken = await folderWith('taken', (file) => withoutKeys({ ...file, edges: {} }));
  const out = ['--out', taken];
  expectMistake(
    await runCli(['inspect', ...run, ...circuit, ...out], { env }),
    `${join(taken, 'circuit.json')}: is there already and holds another circuit; use --force`,
  );
  const details = parseDetails(await text(found, 'details.json'), 'f');
  const foreign = join(folder.path, 'foreign-details');
  await mkdir(foreign);
  await writeFile(join(foreign, 'details.json'), writeDetails({ ...details, edges: {}, nodes: {} }));
  expectMistake(
    await runCli(['inspect', ...run, ...circuit, '--out', foreign], { env }),
    'details.json: is there already and is of another circuit',
  );
});

test('a circuit of the curve has the size and the faithfulness that the curve says', async () => {
  const { curve } = whole.edgewise;
  expect(curve!.length).toBeGreaterThan(2);
  const point = curve![Math.floor(curve!.length / 2)]!;
  const most = curve![Math.floor(curve!.length / 2) + 1]!.edges - 1;
  const small = join(folder.path, 'small.json');
  const select = ['export', found, '--select', `circuit:${most}`, '--format', 'json', '--out', small];
  const { stderr, code } = await runCli(select, { env: NO_ADAPTER });
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(new RegExp(`circuit:${most}: ${point.edges} edges?, faithfulness `));
  const { edgewise, edges } = await json(small);
  expect(Object.values(edges).filter((edge) => edge.in_graph)).toHaveLength(point.edges);
  expect(edgewise).not.toHaveProperty('in_circuit');
  expect(edgewise).not.toHaveProperty('curve');
  expect(edgewise.provenance).toMatchObject({
    selection: { rule: 'circuit', limit: most, chosen: point.edges },
    faithfulness: null,
  });
  const { faithfulness } = await cliJson<{ faithfulness: number }>(['evaluate', ...run, '--circuit', small]);
  expect(faithfulness).toBeCloseTo(point.faithfulness, 6);
  expectMistake(
    await runCli(['export', small, '--select', `circuit:${most}`, '--format', 'gexf'], { env: NO_ADAPTER }),
    'nothing of what its edges are worth in the circuit (in_circuit, curve); edgewise inspect measures it',
  );
});
