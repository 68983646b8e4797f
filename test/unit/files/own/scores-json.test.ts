import { existsSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import type { Scores } from '../../../../src/circuit/scores.js';
import { circuitFromScores } from '../../../../src/circuit/scored-circuit.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { select } from '../../../../src/discover/select.js';
import { writeEapIg, writeEapIgScores } from '../../../../src/files/tools/eap-ig.js';
import { fileTopology, parseCircuit, resolveCircuit, writeCircuitJson } from '../../../../src/files/index.js';
import { parseScores, writeScoresJson } from '../../../../src/files/own/scores-json.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { SAMPLE_TOPOLOGY as toy, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { sampleScores, scoresFrom } from '../../../support/sample-scores.js';

const GOLDEN = '../../../golden/export/';

function directScores(): Scores {
  const values = Float64Array.from({ length: toy.edgeCount }, (_, id) => (id % 5 === 0 ? NaN : 1 / (id + 1)));
  return sampleScores({ values, perPrompt: [values, values.map((value) => value / 3)], nodes: null, neurons: null });
}

/** What can differ between two scores of one shape. */
function plain({ topology, ...rest }: Scores): unknown {
  const { layers, heads, parallel } = topology;
  return { shape: { layers, heads, parallel }, ...rest };
}

function complaint(text: string, topology?: Topology): string {
  try {
    parseScores(text, 's.json', topology);
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.message).toMatch(/^s\.json: [^\p{Cc}\p{Cf}]{1,400}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

describe('scores.json', () => {
  it.each([
    ['scores.json', sampleScores()],
    ['scores-direct.json', directScores()],
  ])('%s is written as ever, and comes back as it was', async (name, scores) => {
    const text = writeScoresJson(scores);
    expect(writeScoresJson(scores)).toBe(text);
    await expect(text).toMatchFileSnapshot(`${GOLDEN}${name}`);
    expect(plain(parseScores(text, name))).toEqual(plain(scores));
    expect(writeScoresJson(parseScores(text, name))).toBe(text);
  });

  it('is what EAP-IG reads: every edge and node with in_graph, every score a number, no NaN', () => {
    const scores = sampleScores();
    const file = JSON.parse(writeScoresJson(scores)) as {
      cfg: unknown;
      nodes: Record<string, { in_graph: boolean; score?: number; neurons?: boolean[]; neurons_scores?: number[] }>;
      edges: Record<string, { score: number; in_graph: boolean; scored?: boolean }>;
    };
    expect(file.cfg).toEqual({ n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 4 });
    expect(Object.keys(file.edges)).toEqual(Array.from({ length: toy.additionEdges }, (_, id) => toy.edgeName(id)));
    for (const [name, edge] of Object.entries(file.edges)) {
      const value = scores.values[toy.edgeId(name)!]!;
      expect(edge).toEqual(
        Number.isNaN(value) ? { score: 0, in_graph: true, scored: false } : { score: value, in_graph: true },
      );
    }
    expect(file.nodes['input']).toEqual({ in_graph: true });
    expect(file.nodes['logits']).toEqual({ in_graph: true });
    expect(file.nodes['a0.h0']).toEqual({
      in_graph: true,
      score: 0.125,
      neurons: [true, true, true, true],
      neurons_scores: [0.25, 0.3125, 0.375, 0.4375],
    });
  });

  it('as a circuit is the whole model, of which nothing was selected', () => {
    for (const scores of [sampleScores(), directScores()]) {
      const file = parseCircuit(writeScoresJson(scores), 's');
      const circuit = resolveCircuit(file, fileTopology(file));
      const expected = circuitFromScores(scores, null);
      expect([...circuit.kept]).toEqual([...expected.kept]);
      expect(circuit.effects).toEqual(scores.values);
      expect(circuit.provenance).toEqual(expected.provenance);
      expect(circuit.directTested).toBe(expected.directTested);
    }
  });

  it('brings any values of any shape back', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(NaN));
    const scores = fc
      .record({ layers: fc.integer({ min: 1, max: 2 }), heads: fc.integer({ min: 1, max: 2 }), parallel: fc.boolean() })
      .map((shape) => new Topology(shape))
      .chain((topology) => {
        const array = fc
          .array(value, { minLength: topology.edgeCount, maxLength: topology.edgeCount })
          .map((values) => Float64Array.from(values, (x) => x + 0));
        return fc
          .record({ values: array, perPrompt: fc.option(fc.array(array, { maxLength: 3 })) })
          .map((rest) => ({ topology, ...rest }));
      })
      .filter(({ values }) => !values.every(Number.isNaN));
    fc.assert(
      fc.property(scores, fc.constantFrom('helps' as const, null), ({ topology, values, perPrompt }, positive) => {
        // Direct scores of a prompt have a place where the direct edges have scores.
        const direct = values.subarray(topology.additionEdges).some((x) => !Number.isNaN(x));
        const rows = perPrompt?.map((row) => row.map((x, id) => (direct || id < topology.additionEdges ? x : NaN)));
        const written = scoresFrom(topology, values, { positive, perPrompt: rows ?? null });
        expect(plain(parseScores(writeScoresJson(written), 's'))).toEqual(plain(written));
      }),
      { numRuns: 50 },
    );
  });
});

describe('reading scores', () => {
  it('takes the effects of a circuit.json', () => {
    for (const circuit of [sampleCircuit(), sampleDirectCircuit()]) {
      const scores = parseScores(writeCircuitJson(circuit), 'c');
      expect(scores.values).toEqual(circuit.effects);
      expect(scores.positive).toBe('helps');
      expect(scores.provenance).toMatchObject({ method: 'acdc', steps: null, granularity: 'edge', metric: 'kl' });
    }
  });

  it('takes a circuit that was chosen from scores for those scores', () => {
    const scores = sampleScores({ nodes: null, neurons: null, perPrompt: null });
    const chosen = select(scores, { rule: 'top', edges: 5, absolute: true, prune: false });
    const circuit = circuitFromScores(scores, chosen);
    expect(plain(parseScores(writeCircuitJson(circuit), 'c'))).toEqual(plain(scores));
    const file = parseCircuit(writeCircuitJson(circuit), 'c');
    const back = resolveCircuit(file, fileTopology(file));
    expect(back.provenance).toEqual(circuit.provenance);
    const foreign = circuitFromScores({ ...scores, provenance: null, positive: null }, chosen);
    const foreignFile = parseCircuit(writeCircuitJson(foreign), 'c');
    expect(resolveCircuit(foreignFile, fileTopology(foreignFile)).imported).toEqual(foreign.imported);
  });

  it("leaves the sign of another program's file open, and reads Python's NaN as not scored", () => {
    const text =
      '{"nodes": {"m0": {"in_graph": false, "score": NaN}, "m1": {"in_graph": true, "score": -1.5}}, "edges": {"m0->logits": {"score": NaN, "in_graph": true}, "m1->logits": {"score": -0.5, "in_graph": false}}}';
    const scores = parseScores(text, 'x', toy);
    expect([scores.positive, scores.provenance, scores.neurons, scores.perPrompt]).toEqual([null, null, null, null]);
    expect([...scores.values].filter((value) => !Number.isNaN(value))).toEqual([-0.5]);
    expect([...scores.nodes!]).toEqual([NaN, NaN, NaN, NaN, NaN, NaN, -1.5]);
  });

  const cfg = { n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 4 };
  const edges = { 'm0->logits': { score: 1, in_graph: true } };
  const only = (rest: object): string => JSON.stringify({ cfg, edges, ...rest });
  const row = Array.from({ length: toy.additionEdges }, () => 0);
  it.each([
    ['{"edges": {}, "edges": {}}', 'not valid JSON at line 1, column 15: the key "edges" is there twice'],
    ['{"edges": {"m0->m1": {"in_graph": true, "score": 1, "score": 2}}}', 'the key "score" is there twice'],
    ['[]', 'the file: got an array, expected an object'],
    [JSON.stringify({ edges }), 'no cfg'],
    [JSON.stringify({ cfg, edges: { 'm0->logits': { in_graph: true } } }), 'scores: nothing is scored'],
    [
      JSON.stringify({ cfg, edges: { 'm9->logits': { in_graph: true, score: 1 } } }),
      'edge "m9->logits": not in a model',
    ],
    [only({ nodes: [] }), 'nodes: got an array, expected an object'],
    [only({ nodes: { m0: 1 } }), 'nodes["m0"]: got 1, expected an object'],
    [only({ nodes: { m0: { score: '1' } } }), 'nodes["m0"].score: got "1", expected a number'],
    [
      only({ nodes: { m0: { neurons_scores: [1] } } }),
      'nodes["m0"].neurons_scores: 1 numbers, expected cfg.d_model (4)',
    ],
    [only({ nodes: { m0: { neurons_scores: [1, 2, 3, 'x'] } } }), 'nodes["m0"].neurons_scores[3]: got "x"'],
    [only({ nodes: { m0: { neurons_scores: [1, 2, 3, null] } } }), 'neuron scores of m0: 3 of 4 are scored'],
    [only({ cfg: { ...cfg, d_model: undefined }, nodes: { m0: { neurons_scores: [1] } } }), 'expected cfg.d_model'],
    [
      only({ edgewise: { scores: { positive: 'hurts' } } }),
      'edgewise.scores.positive: got "hurts", expected "helps" or null',
    ],
    [only({ edgewise: { scores: { provenance: { method: 3 } } } }), 'edgewise.scores.provenance.'],
    [only({ edgewise: { scores: { per_prompt: 3 } } }), 'edgewise.scores.per_prompt: got 3, expected an array'],
    [
      only({ edgewise: { scores: { per_prompt: [[1]] } } }),
      `edgewise.scores.per_prompt[0]: 1 numbers, expected one per edge (${toy.additionEdges})`,
    ],
    [
      only({ edgewise: { scores: { per_prompt: [row.with(3, '1' as never)] } } }),
      'edgewise.scores.per_prompt[0]: got "1", expected a number',
    ],
    [
      only({ edgewise: { scores: { per_prompt: [row], direct_per_prompt: [] } } }),
      'direct_per_prompt: got 0, expected as many prompts',
    ],
  ])('says what is wrong with %s', (text, message) => {
    expect(complaint(text)).toContain(message);
  });

  it('says so where a file is of another model', () => {
    expect(complaint(only({}), new Topology({ layers: 3, heads: 2, parallel: false }))).toContain(
      'circuit of another model?',
    );
  });
});

describe('the strict form for EAP-IG and MIB', () => {
  it.each([
    ['eap-ig.json', writeEapIg(sampleDirectCircuit())],
    ['eap-ig-scores.json', writeEapIgScores(sampleScores())],
  ])('%s is written as ever, with the keys of that schema alone', async (name, text) => {
    await expect(text).toMatchFileSnapshot(`${GOLDEN}${name}`);
    const file = JSON.parse(text) as Record<string, Record<string, object>>;
    expect(Object.keys(file)).toEqual(['cfg', 'nodes', 'edges']);
    const keys = (member: string): Set<string> => new Set(Object.values(file[member]!).flatMap(Object.keys));
    expect(keys('edges')).toEqual(new Set(['score', 'in_graph']));
    for (const key of keys('nodes')) expect(['in_graph', 'score', 'neurons', 'neurons_scores']).toContain(key);
  });

  it('needs the width, which that reader asks for', () => {
    expect(() => writeEapIg(sampleCircuit({ width: null }))).toThrow('eap-ig: needs the width of the residual stream');
  });
});

const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

describe.skipIf(!existsSync(mib))("MIB's file for GPT-2 small", () => {
  it('is read with every score, and written in the strict form with the same', () => {
    const text = readFileSync(mib, 'utf8');
    const scores = parseScores(text, 'mib');
    const theirs = JSON.parse(text) as { edges: Record<string, { score: number }> };
    expect(Object.keys(theirs.edges)).toHaveLength(scores.topology.additionEdges);
    for (const [name, { score }] of Object.entries(theirs.edges)) {
      expect(scores.values[scores.topology.edgeId(name)!]).toBe(score);
    }
    const ours = JSON.parse(writeEapIgScores(scores)) as typeof theirs;
    for (const [name, { score }] of Object.entries(theirs.edges))
      expect(ours.edges[name]).toEqual({ score, in_graph: true });
  });
});
