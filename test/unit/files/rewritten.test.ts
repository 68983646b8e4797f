// Files of ours that a library has read and written again. `test/golden/rewritten` holds what the libraries wrote, for
// machines without them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { MultiDirectedGraph } from 'graphology';
import { parse, write } from 'graphology-gexf';
import { describe, expect, it } from 'vitest';

import type { Circuit } from '../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS, openCircuit } from '../../../src/files/index.js';
import { networkx } from '../../support/external-tools.js';
import { sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../support/sample-circuit.js';

const GOLDEN = fileURLToPath(new URL('../../golden/rewritten/', import.meta.url));
/** Direct edges and effects of every kind; and provenance with texts that a format may stumble over. */
const circuit: Circuit = {
  ...sampleDirectCircuit(),
  provenance: sampleProvenance({ directEdges: true, task: { name: '任务 "<&>"\n', hash: 'h' } }),
};

/** All that a circuit's file must still say: sizes, provenance, kept edges, effects and steps. */
function expectSame(text: string, source: string, expected: Circuit = circuit): void {
  const { circuit: back, sizesKnown, notes } = openCircuit(text, source);
  expect([sizesKnown, notes]).toEqual([true, []]);
  const { layers, heads, parallel } = expected.topology;
  expect(back.topology).toMatchObject({ layers, heads, parallel });
  expect(back.width).toBe(expected.width);
  expect(back.provenance).toEqual(expected.provenance);
  expect(back.directTested).toBe(expected.directTested);
  expect([...back.kept]).toEqual([...expected.kept]);
  for (const id of expected.kept) {
    expect([back.effects[id], back.steps[id]]).toEqual([expected.effects[id], expected.steps[id]]);
  }
}

/** What networkx makes of a file: `read` and `write` are Python's. */
function throughNetworkx(text: string, read: string, write: string): string {
  const script = `
import io, json, sys, networkx as nx
source = sys.stdin.buffer
graph = ${read}
out = io.BytesIO()
${write}
sys.stdout.write(out.getvalue().decode("utf-8"))
`;
  return networkx.run(['-c', script], text);
}

const READ = {
  gexf: 'nx.read_gexf(source)',
  graphml: 'nx.read_graphml(source)',
  'node-link': 'nx.node_link_graph(json.load(source), edges="edges")',
} as const;
const WRITE = {
  gexf: 'nx.write_gexf(graph, out)',
  graphml: 'nx.write_graphml(graph, out)',
  'node-link': 'out.write(json.dumps(nx.node_link_data(graph, edges="edges")).encode())',
  // What networkx 3.2 and older write.
  'node-link with links': 'out.write(json.dumps(nx.node_link_data(graph, edges="links")).encode())',
} as const;

/** From what format to what format. networkx cannot write GraphML of a GEXF file: it has places, which are objects. */
const WAYS = [
  ['gexf', 'gexf'],
  ['gexf', 'node-link'],
  ['graphml', 'graphml'],
  ['graphml', 'gexf'],
  ['graphml', 'node-link'],
  ['node-link', 'node-link'],
  ['node-link', 'node-link with links'],
  ['node-link', 'gexf'],
  ['node-link', 'graphml'],
] as const;

describe('a circuit that networkx has read and written', () => {
  it.each(WAYS)('is still whole: %s to %s', (from, to) => {
    const path = `${GOLDEN}networkx.${from}.to.${to.replaceAll(' ', '-')}.txt`;
    if (process.env['EDGEWISE_WRITE_REFERENCES'] === '1') {
      writeFileSync(path, throughNetworkx(CIRCUIT_WRITERS[from](circuit), READ[from], WRITE[to]));
    }
    expectSame(readFileSync(path, 'utf8'), path);
  });

  it.skipIf(networkx.skip).each(WAYS)('is still whole with the networkx that is here: %s to %s', (from, to) => {
    expectSame(throughNetworkx(CIRCUIT_WRITERS[from](circuit), READ[from], WRITE[to]), `${from} to ${to}`);
  });
});

describe('a GEXF file that graphology-gexf has read and written', () => {
  it.each([
    ['with provenance', circuit],
    ['of another program', sampleCircuit({ provenance: null })],
  ])('is still whole: %s', (_, of) => {
    expectSame(write(parse(MultiDirectedGraph, CIRCUIT_WRITERS.gexf(of))), 'graphology.gexf', of);
  });

  it('has the width of an edge where sigma takes it', () => {
    const graph = parse(MultiDirectedGraph, CIRCUIT_WRITERS.gexf(circuit));
    const sizes = graph.mapEdges((_, { size, thickness }) => [size, thickness] as const);
    expect(sizes.every(([size, thickness]) => typeof size === 'number' && size === thickness)).toBe(true);
    expect(new Set(sizes.map(([size]) => size)).size).toBeGreaterThan(1);
  });
});

/** As Gephi rewrites a file: numbered attributes and edges, no meta, other places and colours, no port in `kind`. */
function likeGephi(text: string): string {
  const names = [...text.matchAll(/<attribute id="([^"]*)"/g)].map((match) => match[1]!);
  let edges = 0;
  return text
    .replace(/<meta>[^]*<\/meta>/, '')
    .replaceAll(/<attribute id="([^"]*)"/g, (_, name: string) => `<attribute id="${names.indexOf(name)}"`)
    .replaceAll(/<attvalue for="([^"]*)"/g, (_, name: string) => `<attvalue for="${names.indexOf(name)}"`)
    .replaceAll(/<edge id="[^"]*"/g, () => `<edge id="${edges++}"`)
    .replaceAll(/ kind="[^"]*"/g, '')
    .replaceAll(/<viz:[^>]*>/g, '');
}

describe('a GEXF file that was changed as Gephi changes it', () => {
  it('is still whole', () => expectSame(likeGephi(CIRCUIT_WRITERS.gexf(circuit)), 'gephi.gexf'));

  it('has its sizes as long as input or logits is left', () => {
    const without = (node: string): string =>
      CIRCUIT_WRITERS.gexf(circuit)
        .replace(/<meta>[^]*<\/meta>/, '')
        .replace(new RegExp(`<node id="${node}"[^]*?</node>`), '')
        .replaceAll(new RegExp(`<edge [^>]*(source|target)="${node}"[^]*?</edge>`, 'g'), '');
    for (const node of ['input', 'logits']) {
      const { sizesKnown, circuit: left } = openCircuit(without(node), 'left.gexf');
      expect([sizesKnown, left.width]).toEqual([true, circuit.width]);
    }
    const heads = without('input').replace(/<attvalue for="cfg_json"[^>]*>/, '');
    expect(() => openCircuit(heads, 'left.gexf')).toThrow(
      /does not say how many .*; it has at least 2 layers of 2 heads$/,
    );
    expect(openCircuit(heads, 'left.gexf', { acceptLeastShape: true }).sizesKnown).toBe(false);
  });
});
