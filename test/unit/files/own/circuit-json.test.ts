import { existsSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import {
  fileTopology,
  parseCircuit,
  resolveCircuit,
  writeCircuitJson,
  writeSparseCircuitJson,
} from '../../../../src/files/index.js';
import { parsePythonJson } from '../../../../src/base/json/python-json.js';
import { anyText } from '../../../support/any-text.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as toy,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

const GOLDEN = '../../../golden/export/';

/** The message of the EdgewiseError that `action` throws: one line. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.kind).toBe('circuit');
    expect(error.message).toMatch(/^[^\p{Cc}\p{Cf}]{1,400}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

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
    expect(complaint(() => parseCircuit(text, 'c.json'))).toMatch(message);
  });
});

describe('reading a circuit', () => {
  const only = (edges: Record<string, unknown>, rest: object = {}): string => JSON.stringify({ edges, ...rest });

  it('of a version that recorded no tile gives null for it', () => {
    const text = writeCircuitJson(sampleCircuit());
    const older = text.replace('"tile": "register-8",\n', '');
    expect(older).not.toBe(text);
    const provenance = { ...sampleProvenance(), tile: null };
    expect(resolveCircuit(parseCircuit(older, 'c'), toy).provenance).toEqual(provenance);
  });

  it('needs no more than edges with in_graph: absent edges are cut, direct ones kept', () => {
    const file = parseCircuit(only({ 'm0->logits': { in_graph: true }, 'm1->logits': { in_graph: false } }), 'c');
    const circuit = resolveCircuit(file, toy);
    expect(circuit.kept.equals(EdgeSet.empty(toy).with(toy.edgeId('m0->logits')!))).toBe(true);
    expect(circuit.directTested).toBe(false);
    expect(circuit.provenance).toBeNull();
    expect(Number.isNaN(circuit.effects[toy.edgeId('m0->logits')!])).toBe(true);
  });

  it('cuts the direct edges that a list of them leaves out', () => {
    const direct = { 'a0.h0<q>->a0.h0': { in_graph: true, score: 1 }, 'a0.h0<k>->a0.h0': { in_graph: false } };
    const circuit = resolveCircuit(parseCircuit(only({}, { edgewise: { direct_edges: direct } }), 'c'), toy);
    expect([...circuit.kept].map((id) => toy.edgeName(id))).toEqual(['a0.h0<q>->a0.h0']);
    expect(circuit.directTested).toBe(true);
  });

  it("reads Python's NaN and infinities and leaves texts alone", () => {
    const text = '{"nodes": {"NaN": {"score": NaN}}, "edges": {"m0->logits": {"score": -Infinity, "in_graph": true}}}';
    expect(parseCircuit(text, 'c').edges.get('m0->logits')).toEqual({
      score: NaN,
      inGraph: true,
      step: -1,
      notNumber: true,
    });
    fc.assert(
      fc.property(anyText, fc.constantFrom('NaN', '-Infinity', '"', '\\', '\\"NaN'), (a, b) => {
        const key = `${a}NaN${b}Infinity`;
        expect(parsePythonJson(`[${JSON.stringify(key)}, NaN, {"NaN": -Infinity}]`)).toEqual([
          key,
          null,
          { NaN: null },
        ]);
      }),
    );
  });

  it.each(['{"edges": NaNs}', '{"edges": -NaN}', '{"edges": {', '"NaN', '{"a": NaN} x', '', '\u0000', '[NaN, \\"]'])(
    'says that %j is not JSON',
    (text) => {
      expect(complaint(() => parseCircuit(text, 'bad.json'))).toMatch(/^bad\.json: not valid JSON/);
    },
  );

  const edge = { in_graph: true, score: 1 };
  it.each([
    ['[]', 'the file: got an array, expected an object'],
    ['null', 'the file: got null'],
    ['{}', 'edges: got nothing, expected an object'],
    [only({ 'm0->logits': 3 }), 'edges["m0->logits"]: got 3, expected an object'],
    [only({ 'm0->logits': {} }), 'edges["m0->logits"].in_graph: got nothing, expected true or false'],
    [only({ 'm0->logits': { in_graph: 1 } }), '.in_graph: got 1, expected true or false'],
    [only({ 'm0->logits': { ...edge, score: '1' } }), '.score: got "1", expected a number'],
    [only({ 'm0->logits': { ...edge, step: 0.5 } }), '.step: got 0.5, expected an integer'],
    [only({ 'm0->logits': { ...edge, step: 1e12 } }), '.step: got 1000000000000, expected an integer'],
    [only({}, { cfg: { n_layers: 0, n_heads: 2 } }), 'cfg.n_layers: got 0'],
    [only({}, { cfg: { n_layers: 2, n_heads: '2' } }), 'cfg.n_heads: got "2"'],
    [only({}, { cfg: { n_layers: 2, n_heads: 2, parallel_attn_mlp: 'no' } }), 'cfg.parallel_attn_mlp: got "no"'],
    [only({}, { edgewise: { schema_version: 2 } }), 'edgewise.schema_version is 2, expected 1'],
    [only({}, { edgewise: { untested_removals: [3] } }), 'edgewise.untested_removals'],
    [only({}, { edgewise: { provenance: {} } }), 'edgewise.provenance.engine_version'],
    [only({}, { edgewise: { provenance: [] } }), 'edgewise.provenance: got an array'],
  ])('names what is wrong with %s', (text, message) => {
    expect(complaint(() => parseCircuit(text, 'bad.json'))).toContain(
      `bad.json: ${message}`.replace(': .', ': edges["m0->logits"].'),
    );
  });

  it.each([
    ['a12.h0->logits', 'edge "a12.h0->logits": not in a model with 2 layers of 2 heads (circuit of another model?)'],
    ['__proto__', 'edge "__proto__": not in a model'],
    ['m0->logits\n\u001b[31m\u202e', 'edge "m0->logits'],
    ['a0.h0<q>->a0.h0', 'belongs under edgewise.direct_edges'],
  ])('refuses the edge %j', (name, message) => {
    const file = parseCircuit(`{"edges": {${JSON.stringify(name)}: {"in_graph": true}}}`, 'other.json');
    expect(complaint(() => resolveCircuit(file, toy))).toContain(message);
  });

  it('refuses the circuit of a model of another shape, though its edges exist here too', () => {
    const text = only({ 'm0->logits': edge }, { cfg: { n_layers: 1, n_heads: 2, parallel_attn_mlp: false } });
    expect(complaint(() => resolveCircuit(parseCircuit(text, 'c'), toy))).toContain(
      'layers 1, expected 2 (circuit of another model?)',
    );
  });

  it('refuses an edge that is both removed and kept, or removed and unknown', () => {
    const both = only({ 'm0->logits': edge }, { edgewise: { untested_removals: ['m0->logits'] } });
    expect(complaint(() => resolveCircuit(parseCircuit(both, 'c'), toy))).toContain(
      'edge "m0->logits": in edgewise.untested_removals',
    );
    const unknown = only({}, { edgewise: { untested_removals: ['x'] } });
    expect(complaint(() => resolveCircuit(parseCircuit(unknown, 'c'), toy))).toContain('edge "x": not in a model');
  });

  it('builds no topology without a cfg or beyond memory', () => {
    expect(complaint(() => fileTopology(parseCircuit(only({}), 'c')))).toContain('no cfg');
    const huge = only({}, { cfg: { n_layers: 2_000_000_000, n_heads: 2_000_000_000 } });
    expect(complaint(() => fileTopology(parseCircuit(huge, 'c')))).toContain('too large');
  });

  it('never fails but with one line that names the file', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('edges', 'cfg', 'edgewise'), (json, key) => {
        const text = `{"edges": {}, "${key}": ${json}}`;
        try {
          resolveCircuit(parseCircuit(text, 'f.json'), toy);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgewiseError);
          expect(String(error)).toMatch(/f\.json/);
          expect(String(error)).not.toMatch(/[\n\u001b]/);
        }
      }),
    );
  });
});

const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

describe.skipIf(!existsSync(mib))('a published EAP-IG circuit of GPT-2 small', () => {
  it('has 32,491 edges, 756 in the circuit, and is written back with the same scores', () => {
    const text = readFileSync(mib, 'utf8');
    const file = parseCircuit(text, 'ioi-eap-ig.json');
    expect(file.edges.size).toBe(32_491);
    const circuit = resolveCircuit(file, fileTopology(file));
    expect(circuit.kept.additionSize).toBe(756);
    expect(circuit.width).toBe(768);
    const own = JSON.parse(writeCircuitJson(circuit)) as Record<string, unknown>;
    delete own['edgewise'];
    const theirs = JSON.parse(text) as Record<string, unknown>;
    expect(own['nodes']).toEqual(theirs['nodes']);
    expect(own['cfg']).toEqual(theirs['cfg']);
    const sorted = (edges: unknown): unknown =>
      Object.entries(edges as object).toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(own['edges'])).toEqual(sorted(theirs['edges']));
    expect(complaint(() => resolveCircuit(file, toy))).toContain('circuit of another model?');
  });
});
