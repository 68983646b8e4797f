import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CIRCUIT_WRITERS, writeDetails, writeScoresJson } from '../../src/files/index.js';
import { cli, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { SAMPLE_KEPT, sampleCircuit } from '../support/sample-circuit.js';
import { unmeasuredDetails, unmeasuredPrompt } from '../support/sample-details.js';
import { sampleScores } from '../support/sample-scores.js';

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
  await writeFile(at('importances.json'), foreign([]));
});

describe('export of scores', () => {
  beforeAll(async () => {
    await writeFile(at('scores.json'), writeScoresJson(sampleScores()));
  });

  describe("MIB's folder", () => {
    const mib = (out: string, format: string, ...more: string[]): string[] => [
      'export',
      at('scores.json'),
      '--task-model',
      'toy_toy-2l',
      '--out',
      at(out),
      '--format',
      format,
      ...more,
    ];

    test('holds the importances, or a circuit of each size', async () => {
      await cli(mib('sub', 'mib'), options);
      const files = readdirSync(at('sub', 'toy_toy-2l'));
      expect(files).toEqual(['importances.json']);
      const scores = await json<CircuitJson>(at('sub', 'toy_toy-2l', 'importances.json'));
      expect(Object.keys(scores)).toEqual(['cfg', 'nodes', 'edges']);
      await cli(mib('sizes', 'mib-circuits', '--signed'), options);
      expect(readdirSync(at('sizes', 'toy_toy-2l'))).toHaveLength(9);
    });

    test('takes the same export again', async () => {
      for (const format of ['mib', 'mib-circuits']) {
        const out = `twice-${format}`;
        await cli(mib(out, format), options);
        const files = await contents(at(out));
        await cli(mib(out, format), options);
        expect(await contents(at(out))).toEqual(files);
      }
    });

    test('takes no other beside it, and names what is there', async () => {
      await cli(mib('one', 'mib'), options);
      await cli(mib('nine', 'mib-circuits'), options);
      const files = [await contents(at('one')), await contents(at('nine'))];
      const refused = (there: string): RegExp =>
        new RegExp(`${there}: is there already, and MIB would take it for one of these files$`);
      const beside = await runCli(mib('one', 'mib-circuits'), options);
      expectMistake(beside, refused('one/toy_toy-2l/importances\\.json'));
      expectMistake(await runCli(mib('nine', 'mib'), options), refused('nine/toy_toy-2l/[\\d.]+\\.json'));
      expect([await contents(at('one')), await contents(at('nine'))]).toEqual(files);
      // The tenth circuit that was once written, and the pickles of other programs.
      for (const name of ['100.json', 'importances.pt']) {
        await mkdir(at(name, 'toy_toy-2l'), { recursive: true });
        await writeFile(at(name, 'toy_toy-2l', name), '');
        expectMistake(await runCli(mib(name, 'mib-circuits'), options), refused(name.replace('.', '\\.')));
        expect(readdirSync(at(name, 'toy_toy-2l'))).toEqual([name]);
      }
    });

    test('leaves what MIB does not read', async () => {
      await mkdir(at('noted', 'toy_toy-2l'), { recursive: true });
      await writeFile(at('noted', 'toy_toy-2l', 'README.md'), 'ours');
      await cli(mib('noted', 'mib-circuits'), options);
      expect(readdirSync(at('noted', 'toy_toy-2l'))).toHaveLength(10);
    });
  });

  test('a page with the chosen circuit', async () => {
    const page = await cli(
      ['export', at('scores.json'), '--format', 'html', '--select', 'top:5', '--no-prune'],
      options,
    );
    const [, embedded] = /<script id="edgewise-files" type="application\/json">(.*?)<\/script>/s.exec(page)!;
    const [{ text, trace }] = JSON.parse(embedded!) as [{ text: string; trace: null }];
    expect(kept(JSON.parse(text) as CircuitJson)).toHaveLength(5);
    expect(trace).toBeNull();
  });

  test('the tokens of the prompt in an attribution graph, where details lie beside the circuit', async () => {
    const circuit = sampleCircuit();
    await mkdir(at('detailed'));
    await writeFile(at('detailed', 'circuit.json'), CIRCUIT_WRITERS.json(circuit));
    const graph = async (): Promise<string[]> =>
      (
        JSON.parse(await cli(['export', at('detailed', 'circuit.json'), '--format', 'attribution-graph'], options)) as {
          metadata: { prompt_tokens: string[] };
        }
      ).metadata.prompt_tokens;
    expect(await graph()).toHaveLength(2);
    const prompt = unmeasuredPrompt({ clean: ['a', ' b', ' c'], corrupted: ['a', ' b', ' d'], position: 2 });
    const edges = Object.fromEntries(Object.keys(SAMPLE_KEPT).map((name) => [name, [0]]));
    const of = { model: circuit.provenance!.model.hash, task: circuit.provenance!.task.hash, keptEdges: 7 };
    await writeFile(at('detailed', 'details.json'), writeDetails(unmeasuredDetails({ of, prompts: [prompt], edges })));
    expect(await graph()).toEqual(['a', ' b', ' c']);
  });
});

describe('mistakes', () => {
  test.each([
    [['--format', 'mib', '--out', 'x'], /--task-model: is needed/],
    [['--format', 'mib', '--task-model', 'ioi_gpt2'], /--out: is needed: mib is a folder/],
    [['--format', 'mib-circuits', '--task-model', '../x', '--out', 'x'], /task_model: got "\.\.\/x"/],
    [
      ['--format', 'mib', '--task-model', 'ioi_gpt2', '--out', 'x'],
      /--format mib: the file does not say what a positive score means; say it to import, with --sign helps or --sign/,
    ],
    [
      ['--format', 'mib', '--task-model', 'ioi_gpt2', '--out', 'x', '--select', 'top:1'],
      /--select: the sizes of mib are fixed/,
    ],
    [
      ['--format', 'mib-circuits', '--task-model', 'ioi_gpt2', '--out', 'x', '--signed'],
      /--signed: the file does not say/,
    ],
    [['--format', 'dot', '--task-model', 'ioi_gpt2'], /--task-model: goes with --format mib/],
    [['--format', 'dot', '--signed'], /--signed: says how --select chooses/],
  ] as const)('export %j', async (args, message) => {
    expectMistake(await runCli(['export', at('importances.json'), ...args], { ...options, cwd: folder.path }), message);
    expect(readdirSync(folder.path)).not.toContain('x');
  });
});
