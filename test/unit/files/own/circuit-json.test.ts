import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import {
  fileTopology,
  parseCircuit,
  resolveCircuit,
  writeCircuitJson,
  writeSparseCircuitJson,
} from '../../../../src/files/index.js';
import { anyText } from '../../../support/any-text.js';
import { complaint } from '../../../support/circuit-files.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as toy,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

const GOLDEN = '../../../golden/export/';

describe('circuit.json', () => {
  it.each([
    ['circuit.json', sampleCircuit()],
    ['circuit-direct.json', sampleDirectCircuit()],
  ])('%s is written as ever, and twice the same', async (name, circuit) => {
    const text = writeCircuitJson(circuit);
    expect(writeCircuitJson(circuit)).toBe(text);
    await expect(text).toMatchFileSnapshot(`${GOLDEN}${name}`);
  });

  it('holds every addition edge with a finite score, and nothing else among the edges', () => {
    const file = JSON.parse(writeCircuitJson(sampleDirectCircuit())) as {
      cfg: unknown;
      nodes: Record<string, { in_graph: boolean }>;
      edges: Record<string, { score: number; in_graph: boolean; tested?: boolean }>;
      edgewise: { untested_removals: string[]; direct_edges: Record<string, unknown> };
    };
    expect(file.cfg).toEqual({ n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 16 });
    expect(Object.keys(file.edges)).toEqual(Array.from({ length: toy.additionEdges }, (_, id) => toy.edgeName(id)));
    for (const edge of Object.values(file.edges)) expect(Number.isFinite(edge.score)).toBe(true);
    const kept = Object.entries(file.edges).filter(([, edge]) => edge.in_graph);
    expect(kept.map(([name]) => name).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(file.edges['input->m0']).toEqual({ score: 0, in_graph: false, tested: false });
    expect(Object.keys(file.nodes).length).toBe(8);
    const out = Object.entries(file.nodes).filter(([, node]) => !node.in_graph);
    expect(out.map(([name]) => name)).toEqual(['a0.h0', 'a1.h1']);
    expect(file.edgewise.untested_removals).toEqual(['input->a0.h0<q>', 'input->a0.h0<k>']);
    expect(Object.keys(file.edgewise.direct_edges).length).toBe(toy.directEdges);
  });

  it('puts one edge on a line', () => {
    const lines = writeCircuitJson(sampleCircuit()).split('\n');
    expect(lines).toContain('"m1->logits": {"score":0.5,"in_graph":true,"step":0}');
    expect(lines).toContain('"m0->m1": {"score":1e-13,"in_graph":true,"step":2},');
    expect(lines.filter((line) => line.includes('"score"')).length).toBe(toy.additionEdges);
  });

  it.each([
    ['with provenance', sampleCircuit()],
    ['with direct edges', sampleDirectCircuit()],
    ['of another program', sampleCircuit({ provenance: null, width: null })],
    ['of an unknown tile', sampleCircuit({ provenance: sampleProvenance({ tile: null }) })],
  ])('comes back as it was: %s', (_, circuit) => {
    const text = writeCircuitJson(circuit);
    const file = parseCircuit(text, 'c.json');
    const back = resolveCircuit(file, fileTopology(file));
    expect(back.provenance).toEqual(circuit.provenance);
    expect([...back.kept]).toEqual([...circuit.kept]);
    expect(back.effects).toEqual(circuit.effects);
    expect(back.steps).toEqual(circuit.steps);
    expect(writeCircuitJson(back)).toBe(text);
  });

  it('brings any name and any finite effect back', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), (task, model, effect) => {
        const provenance = sampleProvenance({
          task: { name: task, hash: '' },
          model: { name: model, hash: '', family: 'gpt2' },
        });
        const effects = new Float64Array(toy.edgeCount).fill(effect);
        const text = writeCircuitJson(sampleCircuit({ provenance, effects, directTested: true }));
        const back = resolveCircuit(parseCircuit(text, 'c'), toy);
        expect(back.provenance).toEqual(provenance);
        expect(back.effects).toEqual(effects.map((value) => value + 0));
      }),
      { numRuns: 30 },
    );
  });

  it('writes numbers that are not finite as untested edges and null', () => {
    const effects = new Float64Array(toy.edgeCount).fill(Infinity);
    const provenance = sampleProvenance({ metrics: { initial: 0, final: NaN, empty: Infinity } });
    const text = writeCircuitJson(sampleCircuit({ effects, provenance }));
    const back = resolveCircuit(parseCircuit(text, 'c'), toy);
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(back.provenance?.metrics).toEqual({ initial: 0, final: null, empty: null });
    expect(back.effects.every(Number.isNaN)).toBe(true);
  });
});

describe('a sparse circuit.json', () => {
  it.each([
    ['with provenance', sampleCircuit()],
    ['with direct edges', sampleDirectCircuit()],
    ['of no edge', sampleCircuit({ kept: EdgeSet.empty(toy), directTested: true })],
  ])('lists the kept edges alone, says so, and gives the same circuit: %s', (_, circuit) => {
    const text = writeSparseCircuitJson(circuit);
    const json = JSON.parse(text) as { edges: object; edgewise: { sparse: unknown; direct_edges?: object } };
    expect(json.edgewise.sparse).toBe(true);
    const listed = [...Object.keys(json.edges), ...Object.keys(json.edgewise.direct_edges ?? {})];
    const candidates = [...circuit.kept].filter((id) => circuit.directTested || id < toy.additionEdges);
    expect(listed).toEqual(candidates.map((id) => toy.edgeName(id)));
    const file = parseCircuit(text, 'c.json');
    const back = resolveCircuit(file, fileTopology(file));
    expect([...back.kept]).toEqual([...circuit.kept]);
    expect(back.provenance).toEqual(circuit.provenance);
    for (let id = 0; id < toy.edgeCount; id++) {
      const isListed = candidates.includes(id);
      expect(back.effects[id], toy.edgeName(id)).toBe(isListed ? circuit.effects[id] : NaN);
      expect(back.steps[id], toy.edgeName(id)).toBe(isListed ? circuit.steps[id] : -1);
    }
    expect(writeSparseCircuitJson(back)).toBe(text);
  });

  it.each([
    ['yes', /c\.json: edgewise\.sparse.*true or false/],
    [true, /c\.json: edges\["input->m0"\] is not in the circuit, but edgewise\.sparse says/],
  ])('that contradicts itself is refused: %s', (sparse, message) => {
    const json = JSON.parse(writeCircuitJson(sampleCircuit())) as { edgewise: object };
    const edges = { 'm0->m1': { score: 1, in_graph: true }, 'input->m0': { score: 1, in_graph: false } };
    const text = JSON.stringify({ ...json, edges, edgewise: { ...json.edgewise, sparse } });
    expect(complaint(() => parseCircuit(text, 'c.json'), 'c.json')).toMatch(message);
  });
});
