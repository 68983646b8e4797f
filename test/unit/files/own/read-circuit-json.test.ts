import { existsSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { parsePythonJson } from '../../../../src/base/json/python-json.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { fileTopology, parseCircuit, resolveCircuit, writeCircuitJson } from '../../../../src/files/index.js';
import { anyText } from '../../../support/any-text.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { SAMPLE_TOPOLOGY as toy, sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

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
