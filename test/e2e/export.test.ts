import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, finished, NO_ADAPTER, runCli, startCli, useFolder } from '../support/cli.js';
import { sharedFixtures } from '../support/fixtures.js';
import { TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const env = NO_ADAPTER;
let file: string;
let kept: number;

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(1));
  const out = join(folder.path, 'run');
  ({ kept } = await cliJson<{ kept: number }>(['discover', '--model', TINY_MODEL, '--task', task, '--out', out]));
  file = join(out, 'circuit.json');
});

const EDGES = { gexf: /<edge id=/g, graphml: /<edge id=/g, dot: / -> /g, json: /"in_graph":\s*true,"step"/g };
type Format = keyof typeof EDGES;
const FORMATS = Object.keys(EDGES) as Format[];

describe('export without a model or an adapter', () => {
  test.each(FORMATS)('%s to stdout and to a file in a new folder', async (format) => {
    const args = ['export', file, '--format', format];
    const text = await cli(args, { env });
    expect(text.match(EDGES[format])).toHaveLength(kept);
    const path = join(folder.path, 'some', 'where', `circuit.${format}`);
    const { stdout, stderr, code } = await runCli([...args, '--out', path], { env });
    expect([stdout, stderr, code]).toEqual(['', `wrote ${path}\n`, 0]);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('gexf and json are the files of the search', async () => {
    const at = (name: string): Promise<string> => readFile(join(folder.path, 'run', name), 'utf8');
    expect(await cli(['export', file, '--format', 'gexf'], { env })).toBe(await at('circuit.gexf'));
    expect(await cli(['export', file, '--format', 'json'], { env })).toBe(await at('circuit.json'));
  });

  test('--all-edges', async () => {
    const text = await cli(['export', file, '--format', 'graphml', '--all-edges'], { env });
    expect(text.match(EDGES.graphml)).toHaveLength(TINY_EDGES);
  });

  test('--sparse: the kept edges alone, which other commands read', async () => {
    const path = join(folder.path, 'sparse.json');
    await cli(['export', file, '--format', 'json', '--sparse', '--out', path], { env });
    const { edges } = JSON.parse(await readFile(path, 'utf8')) as { edges: Record<string, { in_graph: boolean }> };
    expect(Object.values(edges).every((edge) => edge.in_graph)).toBe(true);
    const gexf = await cli(['export', file, '--format', 'gexf'], { env });
    expect(Object.keys(edges)).toHaveLength(gexf.match(EDGES.gexf)!.length);
    expect(await cli(['export', path, '--format', 'gexf'], { env })).toBe(gexf);
    const mistaken = ['export', file, '--format', 'dot', '--sparse'];
    expectMistake(await runCli(mistaken, { env }), /--sparse: goes with --format json/);
  });

  test.skipIf(!sharedFixtures)("another program's file", async () => {
    const mib = `${sharedFixtures}mib/ioi-eap-ig.json`;
    const circuit = JSON.parse(await cli(['export', mib, '--format', 'json'], { env }));
    expect(Object.keys(circuit.edges)).toHaveLength(32_491);
    const dot = await cli(['export', mib, '--format', 'dot'], { env });
    expect(dot.match(EDGES.dot)).toHaveLength(756);
  });

  test('a reader that stops early ends it in silence', async () => {
    const child = startCli(['export', file, '--format', 'json', '--all-edges'], { env });
    child.stdout!.destroy();
    expect(await finished(child)).toMatchObject({ stderr: '' });
  });
});

describe('html: the viewer with the circuit in it', () => {
  const embedded = (page: string): string => {
    const elements = page.match(/<script id="edgewise-files" type="application\/json">.*?<\/script>/gs) ?? [];
    expect(elements).toHaveLength(1);
    return elements[0]!.replace(/^<script[^>]*>/, '').replace(/<\/script>$/, '');
  };

  test('holds the circuit and what lies beside it, and needs no other file', async () => {
    const page = await cli(['export', file, '--format', 'html'], { env });
    const texts = await Promise.all(
      ['circuit.json', 'trace.jsonl'].map((name) => readFile(join(folder.path, 'run', name), 'utf8')),
    );
    const [found, ...others] = JSON.parse(embedded(page));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: 'run/circuit.json', text: texts[0], trace: texts[1] });
    expect(page).not.toMatch(/<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?!data:)/i);
    expect(page).not.toMatch(/@import|url\(\s*['"]?https?:/i);
  });

  test('whatever the file holds stays data', async () => {
    const hostile = [
      '</script><script>globalThis.hacked = 1</script>',
      '<!--<script>',
      "$& $1 $` $' $$",
      '<script id="edgewise-files" type="application/json"></script>',
      '\u2028\u2029',
    ].join(' ');
    const place = join(folder.path, 'hostile');
    await mkdir(place);
    const path = join(place, "x $& <b>'.json");
    const circuit = JSON.parse(await readFile(file, 'utf8'));
    circuit.edgewise.view = { notes: { m0: hostile } };
    await writeFile(path, JSON.stringify(circuit));
    await writeFile(path.replace(/json$/, 'trace.jsonl'), hostile);
    const page = await cli(['export', path, '--format', 'html'], { env });
    const [empty] = (await cli(['export', file, '--format', 'html'], { env })).split('<script id="edgewise-files"');
    expect(page.startsWith(empty!)).toBe(true);
    const text = embedded(page);
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual([
      { name: "x $& <b>'.json", text: JSON.stringify(circuit), trace: hostile, details: null },
    ]);
  });

  test('mistakes', async () => {
    const args = ['export', file, '--format', 'html', '--all-edges'];
    expectMistake(await runCli(args, { env }), /--all-edges: .*every edge/);
    const broken = join(folder.path, 'broken.json');
    await writeFile(broken, '{"edges": []}');
    expectMistake(await runCli(['export', broken, '--format', 'html'], { env }), /broken\.json: edges: got/);
  });
});

describe('mistakes', () => {
  test('a file that does not say what model it is of', async () => {
    const path = join(folder.path, 'edges.json');
    await writeFile(path, '{"edges": {"m0->m1": {"in_graph": true}}}');
    expectMistake(
      await runCli(['export', path, '--format', 'dot'], { env }),
      /edges\.json: the file does not say what model the circuit is of/,
    );
  });

  test('a model beyond all bounds', async () => {
    const path = join(folder.path, 'huge.json');
    await writeFile(path, '{"cfg": {"n_layers": 1000000, "n_heads": 1000000}, "edges": {}}');
    expectMistake(
      await runCli(['export', path, '--format', 'dot'], { env }),
      /huge\.json: a graph of 1000000 layers .* is too large/,
    );
  });

  test('a place that cannot be written', async () => {
    const taken = join(folder.path, 'taken');
    await mkdir(taken);
    for (const [out, message] of [
      [taken, /taken: cannot be written: there is a folder/],
      [join(file, 'x.dot'), /x\.dot: cannot be written/],
      ['', /--out/],
    ] as const) {
      expectMistake(await runCli(['export', file, '--format', 'dot', '--out', out], { env }), message);
    }
    expect(existsSync(join(taken, 'x.dot'))).toBe(false);
  });
});
