import { counted } from '../../../src/base/text.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shapeOfNames } from '../../../src/circuit/shape-of-names.js';
import { Topology } from '../../../src/circuit/topology.js';
import { edgeCounts } from '../../../src/circuit/topology-shape.js';

describe('shapeOfNames', () => {
  const hints = { edges: [], candidates: null, direct: false, source: 's' };

  it('finds the shape by the number of edges, whatever part of the nodes is there, or says what fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (layers, heads, parallel, direct, part) => {
          const topology = new Topology({ layers, heads, parallel });
          const candidates = topology.additionEdges + (direct ? topology.directEdges : 0);
          const nodes = part ? ['input', `a0.h${heads - 1}`, 'logits'] : [`m${layers - 1}`, `a0.h${heads - 1}`];
          const edges = parallel ? [] : ['a0.h0->m0'];
          const { shape, doubt } = shapeOfNames(nodes, { ...hints, edges, candidates, direct });
          const found = new Topology(shape);
          expect(found.additionEdges + (direct ? found.directEdges : 0)).toBe(candidates);
          if (doubt === null) expect(shape).toEqual({ layers, heads, parallel });
          else expect(doubt).toContain(`${counted(layers, 'layer')} of ${counted(heads, 'head')}`);
        },
      ),
    );
  });

  it('knows the models that are in use', () => {
    const gpt2 = shapeOfNames(['a9.h9', 'logits'], { ...hints, candidates: 32_491 });
    expect(gpt2).toEqual({ shape: { layers: 12, heads: 12, parallel: false }, doubt: null });
    const pythia = new Topology({ layers: 6, heads: 8, parallel: true });
    expect(shapeOfNames(['a3.h7', 'm5'], { ...hints, candidates: pythia.additionEdges })).toEqual({
      shape: { layers: 6, heads: 8, parallel: true },
      doubt: null,
    });
  });

  it('goes by the names where the number is of no graph, and says so', () => {
    expect(shapeOfNames(['a3.h5', 'm4', 'input'], { ...hints, candidates: 7 })).toEqual({
      shape: { layers: 5, heads: 6, parallel: false },
      doubt: '7 edges are those of no model that has these nodes',
    });
    expect(shapeOfNames([], hints)).toEqual({
      shape: { layers: 1, heads: 1, parallel: false },
      doubt: 'the file does not say how many layers and heads its model has',
    });
  });

  it.each(['a1.h', 'a9999.h0', 'm-1', 'cat', ''])('refuses %j', (name) => {
    expect(() => shapeOfNames([name], hints)).toThrow('expected a name such as a9.h9, m3, input or logits');
  });
});

describe('names of key/value heads', () => {
  const hints = { edges: [], candidates: null, direct: false, source: 's' };

  it('tell that groups of heads share them', () => {
    const counted = (layers: number, heads: number, kvPorts: number): number =>
      edgeCounts({ layers, heads, kvPorts, parallel: false }).addition;
    const names = ['a1.h2', 'a3.kv1', 'm2', 'logits'];
    expect(shapeOfNames(names, { ...hints, candidates: counted(5, 6, 2) })).toEqual({
      shape: { layers: 5, heads: 6, kvPorts: 2, parallel: false },
      doubt: null,
    });
    expect(shapeOfNames(names, hints).shape).toEqual({ layers: 4, heads: 4, kvPorts: 2, parallel: false });
    expect(shapeOfNames(['a0.kv0', 'logits'], hints).shape).toMatchObject({ heads: 2, kvPorts: 1 });
    expect(() => shapeOfNames(['a0.kv999999'], hints)).toThrow('expected a name such as a9.h9');
  });
});

describe('edgeCounts', () => {
  it('counts as the topology does', () => {
    for (const parallel of [false, true]) {
      for (const [layers, heads] of [
        [1, 1],
        [2, 5],
        [12, 12],
      ] as const) {
        const { additionEdges, directEdges } = new Topology({ layers, heads, parallel });
        const counts = edgeCounts({ layers, heads, parallel });
        expect(counts).toEqual({ addition: additionEdges, direct: directEdges });
      }
    }
  });
});
