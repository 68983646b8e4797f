import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { readStrictJson } from '../../../../src/base/json/json-fields.js';
import { keptEdges, type Circuit } from '../../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS, fileTopology, readNodeLink, resolveCircuit } from '../../../../src/files/index.js';
import { additionNames, complaint, names } from '../../../support/circuit-files.js';
import { networkx } from '../../../support/external-tools.js';
import { SAMPLE_TOPOLOGY as toy, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';

describe('node-link', () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS['node-link'](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS['node-link'](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/node-link.json');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    JSON.parse(text);
  });

  const open = (text: string): Circuit => {
    const file = readNodeLink(readStrictJson(text, 'f.json'), 'f.json');
    return resolveCircuit(file, fileTopology(file));
  };

  it.each([
    ['kept edges', sampleCircuit(), {}],
    ['all edges', sampleCircuit(), { allEdges: true }],
    ['direct edges', sampleDirectCircuit(), { allEdges: true }],
    [
      'of another program',
      sampleCircuit({ provenance: null, width: null, imported: { positive: 'helps', selection: null } }),
      {},
    ],
  ])('reads what it writes: %s', (_, circuit, options) => {
    const back = open(CIRCUIT_WRITERS['node-link'](circuit, options));
    expect(names(back.kept)).toEqual(names(circuit.kept));
    expect([back.width, back.directTested, back.untestedRemovals]).toEqual([
      circuit.width,
      circuit.directTested,
      circuit.untestedRemovals,
    ]);
    expect(back.provenance).toEqual(circuit.provenance);
    expect(back.imported).toEqual(circuit.imported);
    for (let id = 0; id < toy.edgeCount; id++) {
      const listed = 'allEdges' in options || circuit.kept.has(id);
      const own = id < toy.additionEdges || circuit.directTested;
      expect(back.effects[id]).toBe(listed && own ? circuit.effects[id] : NaN);
    }
  });

  it("reads another program's graph, by key or by port, and the first measure there is", () => {
    const graph = {
      nodes: [{ id: 'm0' }],
      links: [
        { source: 'm0', target: 'a1.h0', port: 'q', weight: -2 },
        { source: 'm0', target: 'a1.h0', key: 'm0->a1.h0<v>', score: 3, weight: 9 },
        { source: 'm0', target: 'm1', key: 0, in_circuit: false, effect: NaN },
        { source: 'm1', target: 'logits' },
      ],
    };
    const circuit = resolveCircuit(
      readNodeLink(readStrictJson(JSON.stringify(graph).replace('null', 'NaN'), 'f.json'), 'f.json'),
      toy,
    );
    expect(additionNames(circuit.kept)).toEqual(['m0->a1.h0<q>', 'm0->a1.h0<v>', 'm1->logits']);
    const effect = (name: string): number => circuit.effects[toy.edgeId(name)!]!;
    expect(['m0->a1.h0<q>', 'm0->a1.h0<v>', 'm0->m1', 'm1->logits'].map(effect)).toEqual([-2, 3, NaN, NaN]);
    expect([circuit.provenance, circuit.imported]).toEqual([null, { positive: null, selection: null }]);
  });

  const graph = (edges: unknown, rest: object = {}): string => JSON.stringify({ nodes: [], edges, ...rest });
  const ok = { source: 'm0', target: 'm1' };
  it.each([
    ['[]', 'the file: got an array'],
    ['{"nodes": []}', 'links: got nothing, expected an array'],
    ['{"edges": []}', 'nodes: got nothing, expected an array'],
    [graph([3]), 'edges[0]: got 3, expected an object'],
    [graph([{ source: 1, target: 'm1' }]), 'edges[0].source: got 1, expected the name of a node'],
    [
      graph([ok, { source: 'm0', target: 'a1.h0' }]),
      'edges[1].port: got nothing, expected q, k or v: which input of "a1.h0" it is',
    ],
    [graph([{ ...ok, port: 'x' }]), 'edges[0].port: got "x", expected q, k, v or out'],
    [graph([{ ...ok, key: 'm0->logits' }]), 'edges[0].key: got "m0->logits", expected an edge from m0 to m1'],
    [graph([ok, ok]), 'edges[1]: "m0->m1" is there twice'],
    [graph([{ ...ok, effect: '1' }]), 'edges[0].effect: got "1", expected a number'],
    [graph([{ ...ok, in_circuit: 1 }]), 'edges[0].in_circuit: got 1'],
    [graph([{ ...ok, step: -2 }]), 'edges[0].step: got -2'],
    [graph([], { directed: false }), 'directed: got false'],
    [graph([], { graph: { n_layers: 0 } }), 'graph.n_layers: got 0'],
    [graph([], { nodes: [{ id: 'logits', meta_json: '{}' }] }), 'edgewise.provenance.'],
    [graph([], { nodes: [{ id: 'input', cfg_json: '{"n_layers": "2"}' }] }), 'cfg_json.n_layers: got "2"'],
    [graph([], { graph: { edgewise_json: 1 } }), 'graph.edgewise_json: got 1, expected a text'],
    [graph([{ source: 'm0', target: 'm9' }]), 'edge "m0->m9": not in a model'],
    ['{"nodes": [], "edges": [], "edges": []}', 'the key "edges" is there twice'],
  ])('says what is wrong with %s', (text, message) => {
    expect(complaint(() => resolveCircuit(readNodeLink(readStrictJson(text, 'f.json'), 'f.json'), toy))).toContain(
      message,
    );
  });

  it('never fails but with one line that names the file', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('edges', 'graph', 'nodes'), (json, key) => {
        const text = `{"nodes": [], "links": [], "${key}": ${json}}`;
        try {
          resolveCircuit(readNodeLink(readStrictJson(text, 'f.json'), 'f.json'), toy);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgewiseError);
          expect(String(error)).toMatch(/f\.json/);
          expect(String(error)).not.toMatch(/[\n\u001b]/);
        }
      }),
    );
  });
});

describe.skipIf(networkx.skip)('node-link through networkx', () => {
  it('comes back the same circuit, parallel edges and all', () => {
    const script = `
import json, sys, networkx
graph = networkx.node_link_graph(json.load(sys.stdin), edges="edges")
assert graph.is_directed() and graph.is_multigraph()
data = networkx.node_link_data(graph, edges="edges")
print(json.dumps({"count": graph.number_of_edges(), "between": graph.number_of_edges("a0.h1", "a1.h0"), "data": data}))
`;
    const circuit = sampleDirectCircuit();
    const output = JSON.parse(networkx.run(['-c', script], CIRCUIT_WRITERS['node-link'](circuit))) as {
      count: number;
      between: number;
      data: unknown;
    };
    expect([output.count, output.between]).toEqual([keptEdges(circuit), 3]);
    const file = readNodeLink(output.data, 'networkx.json');
    const back = resolveCircuit(file, fileTopology(file));
    expect(names(back.kept)).toEqual(names(circuit.kept));
    expect(back.provenance).toEqual(circuit.provenance);
    for (const id of circuit.kept) expect(back.effects[id]).toBe(circuit.effects[id]);
  });
});
