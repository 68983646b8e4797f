/** The folder of attribution graphs that circuit-tracer's viewer is started with. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Circuit } from '../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS } from '../../src/files/index.js';
import { cli, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents } from '../support/interrupted.js';
import { sampleCircuit, sampleProvenance } from '../support/sample-circuit.js';

interface List {
  readonly graphs: readonly { readonly slug: string; readonly scan: string; readonly prompt_tokens: string[] }[];
}

const LIST = 'graph-metadata.json';
const folder = useFolder();
const options = { env: NO_ADAPTER };
const at = (...names: string[]): string => join(folder.path, ...names);
const list = async (out: string): Promise<List> => JSON.parse(await readFile(at(out, LIST), 'utf8')) as List;
const slugs = async (out: string): Promise<string[]> => (await list(out)).graphs.map(({ slug }) => slug);
/** The slug of a circuit's graph: it ends in a hash of what the graph says. */
const slugOf = (circuit: Circuit): string =>
  (JSON.parse(CIRCUIT_WRITERS['attribution-graph'](circuit)) as { metadata: { slug: string } }).metadata.slug;
const other = sampleCircuit({ provenance: sampleProvenance({ task: { name: 'other', hash: 'cc'.repeat(32) } }) });
const [TOY, OTHER] = [slugOf(sampleCircuit()), slugOf(other)];
const graph = (name: string, out: string): string[] => [
  'export',
  at(`${name}.json`),
  '--format',
  'attribution-graph',
  '--out',
  at(out),
];

beforeAll(async () => {
  await writeFile(at('toy.json'), CIRCUIT_WRITERS.json(sampleCircuit()));
  await writeFile(at('other.json'), CIRCUIT_WRITERS.json(other));
});

test('a new folder gets the graph by its slug, and the list of graphs', async () => {
  const { stdout, stderr, code } = await runCli(graph('toy', 'new/data'), options);
  expect([code, stdout]).toEqual([0, '']);
  const [file, listed] = [at('new/data', `${TOY}.json`), at('new/data', LIST)];
  expect(stderr).toBe(`wrote ${file}\nwrote ${listed}\n`);
  const files = await contents(at('new/data'));
  expect(Object.keys(files).toSorted()).toEqual([LIST, `${TOY}.json`]);
  expect(files[`${TOY}.json`]).toBe(CIRCUIT_WRITERS['attribution-graph'](sampleCircuit()));
  const { metadata } = JSON.parse(files[`${TOY}.json`]!);
  expect(JSON.parse(files[LIST]!)).toEqual({ graphs: [metadata] });
});

test('the same graph again keeps one entry, and every byte', async () => {
  await cli(graph('toy', 'again'), options);
  const files = await contents(at('again'));
  await cli(graph('toy', 'again'), options);
  expect(await contents(at('again'))).toEqual(files);
  expect(await slugs('again')).toEqual([TOY]);
});

test("another circuit's is added beside it, and the same one again replaces its entry", async () => {
  await cli(graph('toy', 'both'), options);
  await cli(graph('other', 'both'), options);
  expect(await slugs('both')).toEqual([TOY, OTHER]);
  const before = await contents(at('both'));
  await cli(graph('toy', 'both'), options);
  expect((await slugs('both')).toSorted()).toEqual([OTHER, TOY].toSorted());
  const { [LIST]: _, ...graphs } = await contents(at('both'));
  expect(before).toMatchObject(graphs);
  expect(Object.keys(graphs).toSorted()).toEqual([`${OTHER}.json`, `${TOY}.json`]);
});

test('graphs of other programs stay in the list as they are', async () => {
  await mkdir(at('shared'));
  const theirs = { slug: 'dallas-austin', scan: 'gemma-2-2b', prompt_tokens: ['Dallas'], extra: { kept: true } };
  await writeFile(at('shared', LIST), JSON.stringify({ version: 3, graphs: [theirs] }));
  await cli(graph('toy', 'shared'), options);
  const { graphs, ...rest } = await list('shared');
  expect(rest).toEqual({ version: 3 });
  expect(graphs[0]).toEqual(theirs);
  expect(graphs.map(({ slug }) => slug)).toEqual(['dallas-austin', TOY]);
});

test.each([
  ['no JSON', 'graphs', /not valid JSON/],
  ['an array', '[]', /the file: got an array, expected an object/],
  ['a list of something else', '{"graphs": {}}', /graphs: got an object, expected an array/],
  ['a list of names', '{"graphs": ["toy"]}', /graphs\[0\]: got "toy", expected an object/],
])('a graph-metadata.json that is %s is refused and left as it is', async (name, text, message) => {
  const out = `wrong-${name}`;
  await mkdir(at(out));
  await writeFile(at(out, LIST), text);
  expectMistake(await runCli(graph('toy', out), options), `${out}/${LIST}: `, message);
  expect(await contents(at(out))).toEqual({ [LIST]: text });
});

test('a path that ends in .json is one file', async () => {
  await cli(graph('toy', 'single/one.json'), options);
  expect(await contents(at('single'))).toEqual({
    'one.json': CIRCUIT_WRITERS['attribution-graph'](sampleCircuit()),
  });
});
