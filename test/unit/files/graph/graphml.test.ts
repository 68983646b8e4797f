import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { anyText } from '../../../support/any-text.js';
import { networkx, xmllint } from '../../../support/external-tools.js';
import { SAMPLE_KEPT, sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

function hostile(text: string): ReturnType<typeof sampleCircuit> {
  const task = { name: text, hash: text };
  return sampleCircuit({ provenance: sampleProvenance({ method: text, task }) });
}

describe('writeGraphml', () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS.graphml(sampleDirectCircuit());
    expect(CIRCUIT_WRITERS.graphml(sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/direct.graphml');
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
