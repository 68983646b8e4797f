import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { MultiDirectedGraph } from 'graphology';
import { parse } from 'graphology-gexf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { toGraph } from '../../../../src/files/graph/circuit-graph.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS, writeGexf } from '../../../../src/files/index.js';
import { anyText } from '../../../support/any-text.js';
import { networkx, xmllint } from '../../../support/external-tools.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as topology,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

const SCHEMA = fileURLToPath(new URL('../../../golden/schema/gexf-1.3-circuit.rng', import.meta.url));

/** The text with hostile texts wherever a text from outside can stand. */
function hostileGexf(text: string, token: string): string {
  const provenance = sampleProvenance({
    engineVersion: text,
    method: text,
    model: { name: text, hash: text, family: text },
    task: { name: text, hash: text },
    signConvention: text,
    adapter: text,
  });
  const graph = toGraph(sampleCircuit({ provenance }));
  graph.setNodeAttribute('input', 'tokens', [token, text]);
  graph.setNodeAttribute('m0', 'label', text);
  return writeGexf(graph);
}

const samples: readonly (readonly [string, string])[] = [
  ['kept', CIRCUIT_WRITERS.gexf(sampleCircuit())],
  ['direct', CIRCUIT_WRITERS.gexf(sampleDirectCircuit())],
  ['all-edges', CIRCUIT_WRITERS.gexf(sampleDirectCircuit(), { allEdges: true })],
  ['foreign', CIRCUIT_WRITERS.gexf(sampleCircuit({ provenance: null, width: null }))],
  ['empty', CIRCUIT_WRITERS.gexf(sampleCircuit({ kept: EdgeSet.of(topology, []), untestedRemovals: [] }))],
  ['huge', CIRCUIT_WRITERS.gexf(sampleCircuit({ effects: new Float64Array(topology.edgeCount).fill(1.7e308) }))],
  ...fc
    .sample(fc.tuple(anyText, anyText), { numRuns: 40, seed: 1 })
    .map(([text, token], i) => [`hostile-${i}`, hostileGexf(text, token)] as const),
];
const sample = new Map(samples);

let folder: string;
let paths: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gexf-test-'));
  paths = samples.map(([name, text]) => {
    const path = join(folder, `${name}.gexf`);
    writeFileSync(path, text);
    return path;
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeGexf', () => {
  it.each(['kept', 'direct', 'all-edges'])('is as ever: %s', async (name) => {
    await expect(sample.get(name)).toMatchFileSnapshot(`../../../golden/export/${name}.gexf`);
  });

  it('writes the same bytes twice', () => {
    expect(CIRCUIT_WRITERS.gexf(sampleCircuit())).toBe(sample.get('kept'));
  });

  it('holds the kept edges by name, and all of them on request', () => {
    const ids = (text: string): string[] =>
      [...text.matchAll(/<edge id="([^"]*)"/g)].map((match) =>
        match[1]!.replaceAll('&gt;', '>').replaceAll('&lt;', '<'),
      );
    expect(ids(sample.get('kept')!).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(ids(sample.get('all-edges')!)).toEqual(
      Array.from({ length: topology.edgeCount }, (_, id) => topology.edgeName(id)),
    );
  });

  it('has no weight of zero, no NaN, no infinity, no date and no schema location', () => {
    for (const [name, text] of samples.filter(([name]) => !name.startsWith('hostile'))) {
      const weights = [...text.matchAll(/ weight="([^"]*)"/g)].map((match) => Number(match[1]));
      expect(
        weights.every((weight) => weight >= 1e-12 && weight < Infinity),
        name,
      ).toBe(true);
      expect(text, name).not.toMatch(/NaN|Infinity|lastmodifieddate|schemaLocation/);
    }
    expect(sample.get('kept')).toContain('weight="1e-12" kind="k"');
  });

  it('has one edge per source, target and kind', () => {
    const triples = [
      ...sample.get('all-edges')!.matchAll(/ source="([^"]*)" target="([^"]*)" weight="[^"]*" kind="([^"]*)"/g),
    ];
    expect(triples.length).toBe(topology.edgeCount);
    expect(new Set(triples.map((match) => match.slice(1).join('|'))).size).toBe(topology.edgeCount);
  });
});

describe('GEXF read by graphology-gexf', () => {
  const read = (text: string): MultiDirectedGraph => {
    const graph = parse(MultiDirectedGraph, text);
    if (!(graph instanceof MultiDirectedGraph)) throw new Error('no multigraph');
    return graph;
  };

  it('gives the same nodes, edges and values', () => {
    const expected = toGraph(sampleDirectCircuit(), { allEdges: true });
    const graph = read(sample.get('all-edges')!);
    expect(graph.nodes()).toEqual(expected.nodes());
    expect(graph.edges()).toEqual(expected.edges());
    expected.forEachEdge((name, edge, source, target) => {
      const attributes = graph.getEdgeAttributes(name);
      expect(graph.extremities(name)).toEqual([source, target]);
      expect(attributes['kind']).toBe(edge.port);
      expect(attributes['port']).toBe(edge.port);
      expect(attributes['effect'] ?? null).toBe(edge.effect);
      expect(attributes['rank'] ?? null).toBe(edge.rank);
      expect(attributes['step'] ?? null).toBe(edge.step);
      expect(attributes['in_circuit']).toBe(edge.inCircuit);
    });
    expected.forEachNode((name, node) => {
      const attributes = graph.getNodeAttributes(name);
      expect([attributes['x'], attributes['y'], attributes['z']]).toEqual([node.x, node.y, 0]);
      expect(attributes['effect']).toBe(node.effect);
      expect(attributes['layer'] ?? null).toBe(node.layer);
      expect(attributes['kind']).toBe(node.kind);
    });
    const meta = JSON.parse(String(graph.getNodeAttribute('logits', 'meta_json'))) as Record<string, unknown>;
    expect(meta['threshold']).toBe(0.05);
    expect(meta['sign_convention']).toBe(sampleProvenance().signConvention);
  });

  it('gives any text back: exactly where it is JSON, without what XML cannot hold elsewhere', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, token) => {
        const graph = read(hostileGexf(text, token));
        expect(graph.size).toBe(Object.keys(SAMPLE_KEPT).length);
        expect(JSON.parse(String(graph.getNodeAttribute('input', 'tokens_json')))).toEqual([token, text]);
        const meta = JSON.parse(String(graph.getNodeAttribute('logits', 'meta_json'))) as { task: { name: string } };
        expect(meta.task.name).toBe(text);
        const legal = Array.from(text, (c) =>
          /[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(c) ? c : '\ufffd',
        );
        expect(graph.getNodeAttribute('m0', 'label') ?? '').toBe(legal.join(''));
      }),
    );
  });
});

describe.skipIf(xmllint.skip)('GEXF checked by xmllint', () => {
  it('is valid by the schema, hostile texts included', () => {
    xmllint.run(['--noout', '--relaxng', SCHEMA, ...paths]);
  });

  it.each([
    ['a weight of zero', / weight="[^"]*"/, ' weight="0"'],
    ['another attribute type', 'type="double"', 'type="integer"'],
    ['NaN', /for="effect" value="[^"]*"/, 'for="effect" value="NaN"'],
    ['a hexadecimal colour', /r="\d+" g="\d+" b="\d+"/, 'hex="#ff0000"'],
    ['a date', '<meta>', '<meta lastmodifieddate="2020-01-01">'],
  ])('the schema would find %s', (_, from, to) => {
    const path = join(folder, 'spoilt.gexf');
    writeFileSync(path, sample.get('kept')!.replace(from, to));
    expect(() => xmllint.run(['--noout', '--relaxng', SCHEMA, path])).toThrow(/fails to validate/);
  });
});

describe.skipIf(networkx.skip)('GEXF read by networkx', () => {
  // networkx knows the namespace of GEXF 1.3 since 3.6; Debian 12 has 2.8.8, whose reader need only be told it.
  const script = `
import json, sys, networkx
from networkx.readwrite.gexf import GEXF
names = {"NS_GEXF": "http://gexf.net/1.3", "NS_VIZ": "http://gexf.net/1.3/viz", "VERSION": "1.3"}
GEXF.versions.setdefault("1.3", {**GEXF.versions["1.2draft"], **names})
result = []
for path in sys.argv[1:]:
    graph = networkx.read_gexf(path)
    edges = None
    if graph.is_multigraph():
        edges = [[u, v, key, d.get("port"), d.get("effect")] for u, v, key, d in graph.edges(keys=True, data=True)]
    nodes = {name: data.get("viz", {}).get("position") for name, data in graph.nodes(data=True)}
    tokens = graph.nodes["input"].get("tokens_json")
    result.append({"directed": graph.is_directed(), "edges": edges, "nodes": nodes, "tokens": tokens})
print(json.dumps(result))
`;
  interface Read {
    readonly directed: boolean;
    readonly edges: [string, string, string, string, number | null][] | null;
    readonly nodes: Record<string, { x: number; y: number }>;
    readonly tokens: string | null;
  }

  it('keeps parallel edges, ports, positions and texts', () => {
    const graphs = JSON.parse(networkx.run(['-c', script, ...paths])) as Read[];
    expect(graphs.length).toBe(samples.length);
    const kept = graphs[0]!;
    expect(kept.directed).toBe(true);
    const parallel = kept.edges!.filter(([source, target]) => source === 'a0.h1' && target === 'a1.h0');
    expect(parallel.map(([, , key, port, effect]) => [key, port, effect])).toEqual([
      ['a0.h1->a1.h0<q>', 'q', 0.125],
      ['a0.h1->a1.h0<k>', 'k', 0],
      ['a0.h1->a1.h0<v>', 'v', -0.75],
    ]);
    expect(kept.edges!.map(([, , key]) => key).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(graphs[2]!.edges!.length).toBe(topology.edgeCount);
    const { x, y } = toGraph(sampleCircuit()).getNodeAttributes('m1');
    expect(kept.nodes['m1']).toMatchObject({ x, y });
    const tokens = fc
      .sample(fc.tuple(anyText, anyText), { numRuns: 40, seed: 1 })
      .map(([text, token]) => [token, text]);
    expect(graphs.slice(-40).map((graph) => JSON.parse(graph.tokens!) as unknown)).toEqual(tokens);
  });
});

describe('GEXF of a large circuit', () => {
  it("holds all of GPT-2 small's edges", () => {
    const large = new Topology({ layers: 12, heads: 12, parallel: false });
    const text = CIRCUIT_WRITERS.gexf(
      sampleCircuit({
        topology: large,
        kept: EdgeSet.full(large),
        effects: new Float64Array(large.edgeCount).fill(0.5),
        steps: new Int32Array(large.edgeCount).fill(-1),
        untestedRemovals: [],
      }),
    );
    expect(text.match(/<edge id=/g)?.length).toBe(32_491);
  });
});
