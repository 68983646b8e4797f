import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { keptEdges, type Circuit } from '../../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS, openCircuit } from '../../../../src/files/index.js';
import { additionNames, complaint } from '../../../support/circuit-files.js';
import { networkx } from '../../../support/external-tools.js';
import { SAMPLE_KEPT, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';

function read(text: string): Circuit {
  return openCircuit(text, 'c.graphml', { format: 'graphml', acceptLeastShape: true }).circuit;
}

const good = CIRCUIT_WRITERS.graphml(sampleCircuit());

describe('readGraphml', () => {
  it('takes what other programs leave: numbered keys, no names, defaults, weights for effects', () => {
    const text = `<?xml version='1.0' encoding='utf-8'?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
      <key id="d0" for="edge" attr.name="port" attr.type="string"><default>v</default></key>
      <key id="d1" for="edge" attr.name="weight" attr.type="double"/>
      <key id="d2" for="all" attr.name="in_circuit" attr.type="boolean"><default>True</default></key>
      <graph edgedefault="directed"><desc>drawn by hand</desc>
      <node id="m0"/><node id="a1.h0"><data key="d9">x</data></node><node id="logits"/>
      <edge source="m0" target="a1.h0" id="0"><data key="d0">k</data><data key="d1">0.5</data></edge>
      <edge source="m0" target="a1.h0"><data key="d1">-INF</data></edge>
      <edge source="a1.h0" target="logits"><data key="d1">-2</data></edge>
      <edge source="m0" target="logits"><data key="d2">False</data></edge>
      </graph></graphml>`;
    const circuit = read(text);
    expect(additionNames(circuit.kept)).toEqual(['m0->a1.h0<k>', 'm0->a1.h0<v>', 'a1.h0->logits']);
    const effect = (name: string): number => circuit.effects[circuit.topology.edgeId(name)!]!;
    expect(['m0->a1.h0<k>', 'm0->a1.h0<v>', 'a1.h0->logits', 'm0->logits'].map(effect)).toEqual([0.5, NaN, -2, NaN]);
    expect([circuit.provenance, circuit.directTested, circuit.width]).toEqual([null, false, null]);
  });

  it.each([
    ['<gexf/>', 'line 1: no <graphml> element: the root is <gexf>'],
    ['<graphml/>', 'broken GraphML: there is no <graph> element'],
    [good.slice(0, good.indexOf('</graph>')), 'it does not end in </graphml>'],
    [
      good.replace('edgedefault="directed"', 'edgedefault="undirected"'),
      'has undirected edges, expected directed ones',
    ],
    [good.replace('<node id="m0"', '<node id="m1"'), 'node "m1" is there twice'],
    [
      good.replace('<node id="m0">', '<node id="m0"><graph><node id="m3"/></graph>'),
      'node "m3" is inside of another node',
    ],
    [good.replace('<edge ', '<hyperedge/><edge '), 'has a hyperedge, expected edges with two ends'],
    [good.replace('<data key="e_step">', '<data>'), '<data> has no key, expected one'],
    [good.replace('source="m1" target="logits"', 'source="m1"'), '<edge> has no target, expected one'],
    [good.replace('source="m1" target="logits"', 'source="m7" target="logits"'), '"m7" is no node of the file'],
    [
      good.replace('key="e_effect">0.5<', 'key="e_effect">half<'),
      'edge "m1->logits": effect: got "half", expected a number',
    ],
    [good.replace(/key="n_meta_json">[^<]*</, 'key="n_meta_json">{<'), 'meta_json is not valid JSON'],
  ])('says what is wrong with %#', (text, message) => {
    expect(text).not.toBe(good);
    expect(complaint(() => read(text), 'c.graphml')).toContain(message);
  });

  it('reads the whole of a text or nothing of it', () => {
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('', '<', '>', '"', '&', '\0', '</edge>', '<!--'),
        (at, junk) => {
          try {
            const back = read(good.slice(0, at) + junk + good.slice(at + 1));
            expect(keptEdges(back)).toBeGreaterThanOrEqual(Object.keys(SAMPLE_KEPT).length - 1);
          } catch (error) {
            expect(error).toBeInstanceOf(EdgewiseError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe.skipIf(networkx.skip)('GraphML through networkx', () => {
  it('comes back the same circuit, parallel edges and all', () => {
    const script = `
import sys, networkx
graph = networkx.read_graphml(sys.stdin.buffer, force_multigraph=True)
networkx.write_graphml(graph, sys.stdout.buffer)
`;
    const circuit = sampleDirectCircuit();
    const written = { ...circuit, provenance: { ...circuit.provenance!, directEdges: true } };
    const back = read(networkx.run(['-c', script], CIRCUIT_WRITERS.graphml(written, { allEdges: true })));
    expect([...back.kept]).toEqual([...circuit.kept]);
    expect([back.effects, back.steps]).toEqual([circuit.effects, circuit.steps]);
    expect(back.provenance).toEqual(written.provenance);
  });
});
