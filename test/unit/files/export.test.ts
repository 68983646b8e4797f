import fc from 'fast-check';
import { MultiDirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';

import { toGraph } from '../../../src/files/graph/circuit-graph.js';
import { CIRCUIT_WRITERS, writeDot, writeTrace } from '../../../src/files/index.js';
import { anyText } from '../../support/any-text.js';
import { networkx, xmllint } from '../../support/external-tools.js';
import { SAMPLE_KEPT, sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../support/sample-circuit.js';

function hostile(text: string): ReturnType<typeof sampleCircuit> {
  const task = { name: text, hash: text };
  return sampleCircuit({ provenance: sampleProvenance({ method: text, task }) });
}

describe('every format', () => {
  it.each(['graphml', 'dot'] as const)('%s is as ever', async (format) => {
    const text = CIRCUIT_WRITERS[format](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS[format](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot(`../golden/export/direct.${format}`);
  });
});

describe.skipIf(xmllint.skip)('GraphML checked by xmllint', () => {
  it('is well-formed whatever the texts are', () => {
    for (const text of fc.sample(anyText, { numRuns: 20, seed: 2 })) {
      xmllint.run(['--noout', '-'], CIRCUIT_WRITERS.graphml(hostile(text), { allEdges: true }));
    }
  });
});

describe.skipIf(networkx.skip)('GraphML read by networkx', () => {
  const script = `
import json, sys, networkx
graph = networkx.read_graphml(sys.stdin.buffer)
nodes = dict(graph.nodes(data=True))
print(json.dumps({"directed": graph.is_directed(), "nodes": nodes, "edges": list(graph.edges(data=True))}))
`;

  it('gives nodes, parallel edges and typed values', () => {
    const text = 'quotes " & <tags> and\nlines';
    const graph = JSON.parse(networkx.run(['-c', script], CIRCUIT_WRITERS.graphml(hostile(text)))) as {
      directed: boolean;
      nodes: Record<string, Record<string, unknown>>;
      edges: [string, string, Record<string, unknown>][];
    };
    expect(graph.directed).toBe(true);
    expect(graph.nodes['a1.h0']).toMatchObject({ kind: 'head', layer: 1, head: 0, in_circuit: true, effect: 0.0625 });
    const names = graph.edges.map(([, , data]) => String(data['name']));
    expect(names.toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    const negative = graph.edges.find(([, , data]) => data['name'] === 'a0.h1->a1.h0<v>')!;
    expect(negative).toEqual([
      'a0.h1',
      'a1.h0',
      expect.objectContaining({ effect: -0.75, port: 'v', rank: 1, step: 5, method: text }),
    ]);
  });
});

describe('DOT', () => {
  const dot = CIRCUIT_WRITERS.dot(sampleCircuit());

  it('has every node and edge, layers in rows from bottom to top', () => {
    expect(dot).toMatch(/^digraph circuit \{\n {2}graph \[rankdir=BT/);
    expect(dot.match(/ -> /g)?.length).toBe(Object.keys(SAMPLE_KEPT).length);
    expect(dot).toMatch(/"a0\.h1" -> "a1\.h0" \[color="#b2182b", penwidth=6\.3, label="v"\];/);
    expect(CIRCUIT_WRITERS.dot(sampleCircuit(), { allEdges: true })).toContain('{ rank=same; "a0.h0"; "a0.h1"; }');
  });

  it('stays a list of quoted strings whatever the texts are', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const graph = toGraph(hostile(text));
        graph.setNodeAttribute('m0', 'label', text);
        const bare = writeDot(graph).replace(/"(?:[^"\\]|\\["\\])*"/g, 'S');
        expect(bare).toBe(dot.replace(/"(?:[^"\\]|\\["\\])*"/g, 'S'));
      }),
    );
  });
});

describe('trace.jsonl', () => {
  it('has one tested edge a line, in shortest exact numbers', () => {
    const steps = [
      { step: 0, edge: 'm3->logits', before: -9.77, after: -9.44, kept: true },
      { step: 1, edge: 'a3.h0<q>->a3.h0', before: 1 / 3, after: NaN, kept: true },
    ];
    expect(writeTrace(steps)).toBe(
      '{"step":0,"edge":"m3->logits","before":-9.77,"after":-9.44,"kept":true}\n' +
        '{"step":1,"edge":"a3.h0<q>->a3.h0","before":0.3333333333333333,"after":null,"kept":true}\n',
    );
    expect(writeTrace([])).toBe('');
  });
});

describe('graphology', () => {
  it('takes the graph back from its own JSON', () => {
    const graph = toGraph(sampleDirectCircuit(), { allEdges: true });
    const copy = MultiDirectedGraph.from(JSON.parse(JSON.stringify(graph)));
    expect(copy.export()).toEqual(graph.export());
  });
});
