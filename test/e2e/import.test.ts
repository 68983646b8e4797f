import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CIRCUIT_WRITERS, writeTrace } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { sharedFixtures } from '../support/fixtures.js';
import { SAMPLE_KEPT, sampleCircuit } from '../support/sample-circuit.js';
import { TINY_EDGES, TINY_MODEL } from '../support/tiny-task.js';

const folder = useFolder();
const options = { env: NO_ADAPTER };
const at = (...names: string[]): string => join(folder.path, ...names);
const json = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;

interface CircuitJson {
  readonly cfg: Readonly<Record<string, unknown>>;
  readonly edges: Readonly<Record<string, { readonly score: number; readonly in_graph: boolean }>>;
  readonly edgewise: Readonly<Record<string, unknown>>;
}
const kept = (file: CircuitJson): string[] =>
  Object.entries(file.edges).flatMap(([name, edge]) => (edge.in_graph ? [name] : []));

const CFG = { n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 16 };
/** A file as EAP-IG writes it, bare NaN included, in which the edges listed are in the graph. */
function foreign(inGraph: readonly string[], cfg: object = CFG): string {
  const edges = { 'm1->logits': -3, 'm0->m1': -2, 'input->m0': 1, 'a0.h0->logits': 0.5, 'm0->logits': 4 };
  const entries = Object.entries(edges).map(([name, score]) => [name, { score, in_graph: inGraph.includes(name) }]);
  const file = { cfg, nodes: { m0: { in_graph: true, score: 0 } }, edges: Object.fromEntries(entries) };
  return JSON.stringify(file).replace('"score":0}', '"score":NaN}');
}

beforeAll(async () => {
  await writeFile(at('chosen.json'), foreign(['m1->logits', 'm0->m1', 'input->m0']));
  await writeFile(at('importances.json'), foreign([]));
});

describe('import', () => {
  test('a file that says what is in the circuit, to a folder', async () => {
    const out = at('new', 'chosen');
    const text = await cli(['import', at('chosen.json'), '--out', out], options);
    expect(text).toContain('3 edges in the circuit, by the file');
    expect(text).toContain('what a positive score means is not known');
    expect(readdirSync(out).toSorted()).toEqual(['circuit.gexf', 'circuit.json']);
    const file = await json<CircuitJson>(join(out, 'circuit.json'));
    expect(kept(file).toSorted()).toEqual(['input->m0', 'm0->m1', 'm1->logits']);
    expect(file.cfg).toEqual(CFG);
    expect(file.edgewise['imported']).toEqual({ positive: null, selection: null });
    expect(await readFile(join(out, 'circuit.gexf'), 'utf8')).toContain('m1-&gt;logits');
  });

  test('importances, to scores.json, which exports read', async () => {
    const out = at('importances');
    const report = await cliJson(['import', at('importances.json'), '--sign', 'hurts', '--out', out], options);
    expect(report).toMatchObject({
      format: 'eap-ig',
      scored: 5,
      kept: null,
      positive: 'helps',
      files: [join(out, 'scores.json')],
    });
    const scores = join(out, 'scores.json');
    expect((await json<CircuitJson>(scores)).edges['m1->logits']).toEqual({ score: 3, in_graph: true });
    const pairs = JSON.parse(
      await cli(['export', scores, '--format', 'edge-pruning', '--select', 'top:3', '--signed', '--no-prune'], options),
    );
    // Signed, the strongest three of 3, 2, -1, -0.5 and -4.
    expect(pairs).toEqual([
      ['m0', 'm1'],
      ['a0.h0', 'resid_post'],
      ['m1', 'resid_post'],
    ]);
    expect(await cli(['export', scores, '--format', 'json'], options)).toBe(await readFile(scores, 'utf8'));
  });

  test('a choice from the scores, by |score| and by score, pruned or not', async () => {
    const choose = async (...args: string[]): Promise<string[]> => {
      const out = at('choice.json');
      await cli(['import', at('importances.json'), '--out', out, ...args], options);
      return kept(await json<CircuitJson>(out)).toSorted();
    };
    expect(await choose('--select', 'top:2', '--no-prune')).toEqual(['m0->logits', 'm1->logits']);
    expect(await choose('--select', 'top:2')).toEqual([]);
    expect(await choose('--select', 'top:4')).toEqual(['input->m0', 'm0->logits', 'm0->m1', 'm1->logits']);
    expect(await choose('--select', 'threshold:2', '--sign', 'hurts', '--signed', '--no-prune')).toEqual([
      'm0->m1',
      'm1->logits',
    ]);
    expect(await choose('--select', 'greedy:3', '--absolute', '--no-prune')).toEqual([
      'm0->logits',
      'm0->m1',
      'm1->logits',
    ]);
    const { edgewise } = await json<CircuitJson>(at('choice.json'));
    expect(edgewise['imported']).toEqual({
      positive: null,
      selection: { rule: 'greedy', limit: 3, absolute: true, pruned: false, chosen: 3 },
    });
  });

  test('the same file twice is written twice the same, another one only with --force', async () => {
    const out = at('again');
    const run = (file: string, ...more: string[]) => runCli(['import', at(file), '--out', out, ...more], options);
    expect((await run('chosen.json')).code).toBe(0);
    expect((await run('chosen.json')).code).toBe(0);
    expectMistake(await run('chosen.json', '--select', 'top:1'), /again.circuit\.json: is there already.*--force/);
    expect((await run('chosen.json', '--select', 'top:1', '--force')).code).toBe(0);
  });

  test('Edge Pruning and node-link, with the shape from options or from a model', async () => {
    await writeFile(at('edges.json'), CIRCUIT_WRITERS['edge-pruning'](sampleCircuit()));
    await writeFile(at('link.json'), CIRCUIT_WRITERS['node-link'](sampleCircuit()));
    const circuit = kept(JSON.parse(CIRCUIT_WRITERS.json(sampleCircuit())) as CircuitJson);
    const shape = ['--layers', '2', '--heads', '2', '--width', '16'];
    await cli(['import', at('edges.json'), ...shape, '--out', at('ep.json')], options);
    expect(kept(await json<CircuitJson>(at('ep.json')))).toEqual(circuit);
    await cli(['import', at('link.json'), '--out', at('nl.json')], options);
    expect(kept(await json<CircuitJson>(at('nl.json')))).toEqual(circuit);
    const strict = await cli(['export', at('ep.json'), '--format', 'eap-ig'], options);
    expect((JSON.parse(strict) as CircuitJson).cfg).toEqual(CFG);
    await writeFile(at('tiny.json'), '[["m0", "resid_post"], ["tok_embeds", "m0"], ["pos_embeds", "m0"]]');
    const { stdout, stderr } = await runCli(
      ['import', at('tiny.json'), '--model', TINY_MODEL, '--out', at('t.json'), '--json'],
      options,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'edge-pruning',
      layers: 3,
      heads: 5,
      edges: TINY_EDGES,
      kept: 2,
      scored: 0,
    });
    expect(stderr).toMatch(/^note: 1 edges of pos_embeds are left out/);
  });

  test('GEXF, GraphML and a trace of ours, told by their content: circuit.json and circuit.gexf', async () => {
    const circuit = sampleCircuit();
    const allKept = Object.keys(SAMPLE_KEPT).toSorted();
    const trace = Object.entries({
      ...SAMPLE_KEPT,
      'input->logits': -1e-7,
      'a0.h0->logits': 0.01,
      'm0->logits': 0,
      'a0.h1->logits': 0,
      'a1.h1->logits': 0,
    });
    await writeFile(at('c.gexf'), CIRCUIT_WRITERS.gexf(circuit));
    await writeFile(at('c.graphml'), CIRCUIT_WRITERS.graphml(circuit, { allEdges: true }));
    await writeFile(
      at('trace.jsonl'),
      writeTrace(
        trace.map(([edge, effect], step) => ({ step, edge, before: 0, after: effect, kept: edge in SAMPLE_KEPT })),
      ),
    );
    const shape = ['--layers', '2', '--heads', '2'];
    for (const [file, format, ...more] of [
      ['c.gexf', 'gexf'],
      ['c.graphml', 'graphml'],
      ['trace.jsonl', 'trace', ...shape],
    ] as const) {
      const out = at(`from-${format}`);
      const report = await cliJson(['import', at(file), ...more, '--out', out], options);
      expect(report).toMatchObject({ format, layers: 2, heads: 2, kept: allKept.length, positive: 'helps' });
      expect(readdirSync(out).toSorted()).toEqual(['circuit.gexf', 'circuit.json']);
      const written = await json<CircuitJson>(join(out, 'circuit.json'));
      expect(kept(written).toSorted()).toEqual(allKept);
      for (const name of allKept)
        expect(written.edges[name]).toMatchObject({ score: SAMPLE_KEPT[name as keyof typeof SAMPLE_KEPT] });
      if (format !== 'trace') expect(written.edgewise['provenance']).toMatchObject({ method: 'acdc', threshold: 0.05 });
    }
    expect(await cli(['export', at('c.graphml'), '--format', 'gexf', '--all-edges'], options)).toBe(
      CIRCUIT_WRITERS.gexf(circuit, { allEdges: true }),
    );
    expect(await cli(['export', at('c.gexf'), '--format', 'dot'], options)).toBe(CIRCUIT_WRITERS.dot(circuit));
    const page = await cli(['export', at('c.graphml'), '--format', 'html'], options);
    expect(page).toContain('graphml.graphdrawing.org');
  });

  test.skipIf(!sharedFixtures)("MIB's file for GPT-2 small", async () => {
    const mib = `${sharedFixtures}mib/ioi-eap-ig.json`;
    const out = at('mib.json');
    const report = await cliJson(['import', mib, '--sign', 'hurts', '--select', 'top:756', '--out', out], options);
    expect(report).toMatchObject({
      edges: 32_491,
      scored: 32_491,
      kept: 713,
      selection: { chosen: 756, left: 713, nodes: 77 },
    });
    expect((await json<CircuitJson>(out)).edges['a9.h9->logits']!.score).toBeGreaterThan(0.27);
  });
});

describe('mistakes', () => {
  test.each([
    [['chosen.json', '--select', 'best:3'], /--select.*Expected one of top:<number>/],
    [['chosen.json', '--select', 'top:1.5'], /--select.*Expected a whole number/],
    [['chosen.json', '--select', 'top:9'], /top 9: only 5 edges are scored/],
    [['chosen.json', '--select', 'top-nodes:1'], /top-nodes: the scores hold none of whole nodes/],
    [['chosen.json', '--select', 'top:1', '--signed', '--absolute'], /--signed.*--absolute|--absolute.*--signed/],
    [['chosen.json', '--select', 'top:1', '--signed'], /--signed: the file does not say what a positive score means/],
    [['chosen.json', '--signed'], /--signed: says how --select chooses/],
    [['chosen.json', '--no-prune'], /--no-prune: .*--select/],
    [['chosen.json', '--layers', '3', '--heads', '2'], /chosen\.json: cfg: layers 2, expected 3/],
    [['chosen.json', '--layers', '2'], /--layers: needs --heads/],
    [['chosen.json', '--heads', '2'], /--heads: needs --layers/],
    [['chosen.json', '--layers', '2', '--heads', '2', '--width', '8'], /chosen\.json: width 16, expected 8/],
    [['chosen.json', '--width', '8'], /--width: needs --layers and --heads/],
    [['chosen.json', '--parallel'], /--parallel: needs --layers and --heads/],
    [['chosen.json', '--model', TINY_MODEL, '--parallel'], /--parallel: is what --model says; give one of them/],
    [
      ['chosen.json', '--from', 'edge-pruning', '--layers', '2', '--heads', '2'],
      /the file: got an object, expected an array/,
    ],
    [['chosen.json', '--from', 'node-link'], /nodes: got an object, expected an array/],
    [
      ['pairs.json'],
      /pairs\.json: the file does not say what model .* 1 layer of 1 head; say it with --model, or with --layers and --heads/,
    ],
    [['pairs.json', '--layers', '2', '--heads', '2', '--sign', 'helps'], /--sign: nothing is scored/],
    [['pairs.json', '--layers', '2', '--heads', '2', '--select', 'top:1'], /--select: nothing is scored/],
    [['pairs.json', '--layers', '99999999', '--heads', '99999999'], /topology: a graph of 99999999 layers/],
    [['twice.json'], /twice\.json: not valid JSON at line 1, column \d+: the key "edges" is there twice/],
    [['huge.json'], /huge\.json: a graph of 1000000 layers .* is too large/],
    [['features.json'], /features\.json: is an attribution graph of features/],
    [
      ['other.json'],
      /other\.json: is JSON, but no circuit: an object with "a", without "edges" by name\. Edgewise reads circuit\.json/,
    ],
    [
      ['doubt.gexf'],
      /doubt\.gexf: the file does not say how many layers .*; it has at least 1 layer of 1 head; say it with --model/,
    ],
    [['broken.gexf'], /broken\.gexf, line 1: broken XML: the text ends inside <graph>/],
    [['page.html'], /page\.html: is XML or HTML \(html\), but neither GEXF nor GraphML/],
    [['missing.json'], /missing\.json: there is no such file/],
  ] as const)('import %j', async ([file, ...args], message) => {
    await writeFile(at('pairs.json'), '[["m0", "resid_post"]]');
    await writeFile(at('twice.json'), '{"edges": {}, "edges": {}}');
    await writeFile(at('huge.json'), '{"cfg": {"n_layers": 1000000, "n_heads": 1000000}, "edges": {}}');
    await writeFile(at('features.json'), '{"metadata": {}, "qParams": {}, "nodes": [], "links": []}');
    await writeFile(at('other.json'), '{"a": 1}');
    const gexf = '<gexf><graph defaultedgetype="directed"><nodes><node id="m0"/><node id="logits"/></nodes>';
    const edges = '<edges><edge source="m0" target="logits"/></edges></graph></gexf>';
    await writeFile(at('doubt.gexf'), `${gexf}${edges}`);
    await writeFile(at('broken.gexf'), gexf);
    await writeFile(at('page.html'), '<!doctype html><html></html>');
    expectMistake(await runCli(['import', at(file), '--out', at('never'), ...args], options), message);
    expect(readdirSync(folder.path)).not.toContain('never');
  });
});
