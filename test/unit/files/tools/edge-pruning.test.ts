import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { readStrictJson } from '../../../../src/base/json/json-fields.js';
import type { Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS, readEdgePruning, resolveCircuit } from '../../../../src/files/index.js';
import { additionNames, complaint, names } from '../../../support/circuit-files.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as toy,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

describe('Edge Pruning', () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS['edge-pruning'](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS['edge-pruning'](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/edges.json');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    JSON.parse(text);
  });

  const read = (pairs: unknown, topology = toy) => readEdgePruning(pairs, 'f.json', topology);
  const kept = (pairs: unknown): string[] => additionNames(resolveCircuit(read(pairs).file, toy).kept);

  it('writes the kept edges in its names', () => {
    const pairs = JSON.parse(CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())) as unknown[];
    expect(pairs).toHaveLength(Object.keys(SAMPLE_KEPT).length);
    expect(pairs).toContainEqual(['tok_embeds', 'a0.h1.v']);
    expect(pairs).toContainEqual(['m1', 'resid_post']);
    expect(pairs).toContainEqual(['m0', 'm1']);
    const both = sampleCircuit({ provenance: sampleProvenance({ input: 'token+position' }) });
    expect(JSON.parse(CIRCUIT_WRITERS['edge-pruning'](both))).toContainEqual(['pos_embeds', 'a0.h1.v']);
  });

  it('reads what it writes, for any circuit with an edge from the input', () => {
    const circuits = fc
      .record({ layers: fc.integer({ min: 1, max: 3 }), heads: fc.integer({ min: 1, max: 3 }), parallel: fc.boolean() })
      .map((shape) => new Topology(shape))
      .chain((topology) =>
        fc
          .array(fc.nat(topology.additionEdges - 1))
          .map((ids) => EdgeSet.of(topology, [...EdgeSet.empty(topology), 0, ...ids])),
      );
    fc.assert(
      fc.property(circuits, (edges) => {
        const { topology } = edges;
        const arrays = { effects: new Float64Array(topology.edgeCount), steps: new Int32Array(topology.edgeCount) };
        const circuit: Circuit = { ...sampleCircuit(), topology, kept: edges, ...arrays, untestedRemovals: [] };
        const { file, notes } = readEdgePruning(
          JSON.parse(CIRCUIT_WRITERS['edge-pruning'](circuit)),
          'f.json',
          topology,
        );
        expect(names(resolveCircuit(file, topology).kept)).toEqual(names(edges));
        expect(notes).toEqual([]);
      }),
    );
  });

  it('takes a file without embeddings for one whose input feeds everything, and says so', () => {
    const { notes } = read([
      ['m0', 'm1'],
      ['m1', 'resid_post'],
    ]);
    expect(notes).toEqual([expect.stringContaining('input is taken to feed every reader')]);
    const inputs = toy.ports.map((_, port) => toy.edgeName(toy.firstEdge(port)));
    expect(
      kept([
        ['m0', 'm1'],
        ['m1', 'resid_post'],
      ]).toSorted(),
    ).toEqual([...inputs, 'm0->m1', 'm1->logits'].toSorted());
  });

  it('leaves positions out, and says so', () => {
    const pairs = [
      ['pos_embeds', 'm0'],
      ['tok_embeds', 'm1'],
      ['m1', 'resid_post'],
    ];
    expect(kept(pairs)).toEqual(['input->m1', 'm1->logits']);
    expect(read(pairs).notes).toEqual([expect.stringContaining('1 edges of pos_embeds are left out')]);
  });

  it.each([
    ['{}', 'the file: got an object, expected an array'],
    ['[3]', '[0]: got 3, expected an array'],
    ['[["m0"]]', '[0]: got ["m0"], expected a pair of names'],
    ['[["m0", "m1", "m1"]]', '[0]: got ["m0", "m1", "m1"], expected a pair of names'],
    ['[["m0", 1]]', '[0]: got ["m0", 1], expected a pair of names'],
    ['[["m0", "m1"], ["m0", "a1.h0"]]', '[1]: got "a1.h0", expected a reader of the model: aL.hH.q'],
    ['[["m0", "m2"]]', '[0]: got "m2", expected a reader'],
    ['[["a0.h2", "m1"]]', '[0]: got "a0.h2", expected a writer of the model'],
    ['[["input", "m1"]]', '[0]: got "input", expected a writer'],
    ['[["m1", "m0"]]', '[0]: "m1 -> m0": the reader comes before the writer'],
    ['[["m0", "m1"], ["m0", "m1"]]', '[1]: "m0 -> m1" is there twice'],
    ['[["m0", NaN]]', '[0]: got ["m0", null]'],
    ['[', 'not valid JSON at line 1'],
  ])('says what is wrong with %s', (text, message) => {
    expect(complaint(() => readEdgePruning(readStrictJson(text, 'f.json'), 'f.json', toy))).toContain(message);
  });

  it('never fails but with one line that names the file', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          read(readStrictJson(json, 'f.json'));
        } catch (error) {
          expect(error).toBeInstanceOf(EdgewiseError);
          expect(String(error)).toMatch(/f\.json: [^\n\u001b]+$/);
        }
      }),
    );
  });
});
