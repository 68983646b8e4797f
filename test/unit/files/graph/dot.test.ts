import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toGraph } from '../../../../src/files/graph/circuit-graph.js';
import { CIRCUIT_WRITERS, writeDot } from '../../../../src/files/index.js';
import { anyText } from '../../../support/any-text.js';
import { SAMPLE_KEPT, sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

function hostile(text: string): ReturnType<typeof sampleCircuit> {
  const task = { name: text, hash: text };
  return sampleCircuit({ provenance: sampleProvenance({ method: text, task }) });
}

describe('writeDot', () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS.dot(sampleDirectCircuit());
    expect(CIRCUIT_WRITERS.dot(sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/direct.dot');
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
