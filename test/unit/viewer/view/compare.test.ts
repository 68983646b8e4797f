import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { compare, matchEdges, strongest } from '../../../../viewer/view/compare.js';
import { select } from '../../../../viewer/view/selection.js';
import { SAMPLE_KEPT, SAMPLE_TOPOLOGY, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { ids, sampleData, view } from '../../../support/viewer.js';

/** A circuit of these edges alone, with these effects. */
function circuitOf(effects: Readonly<Record<string, number>>, topology = SAMPLE_TOPOLOGY): CircuitData {
  const values = new Float64Array(topology.edgeCount).fill(NaN);
  const kept = Object.entries(effects).map(([name, effect]) => {
    const id = topology.edgeId(name)!;
    values[id] = effect;
    return id;
  });
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  const set = EdgeSet.of(topology, kept);
  return toCircuitData(
    sampleCircuit({ topology, effects: values, steps, kept: set, untestedRemovals: [] }),
    'as-stated',
  );
}

const a = circuitOf({ 'm1->logits': 1, 'm0->m1': 0.5, 'a0.h0->m0': -0.25, 'input->m0': 0.1 });
const b = circuitOf({ 'm1->logits': 0.5, 'm0->m1': -0.75, 'input->a0.h1<v>': 2 });

describe('compare', () => {
  it('classes the edges and nodes of the union', () => {
    const { data, edges, nodes, jaccardEdges, jaccardNodes } = compare(a, b);
    expect(edges).toEqual({ both: 1, onlyA: 2, onlyB: 1, flipped: 1 });
    expect(jaccardEdges).toBe(2 / 5);
    const contrast = (name: string): unknown => data.edgeById.get(name)!.contrast;
    expect(contrast('m1->logits')).toEqual({ class: 'both', a: 1, b: 0.5 });
    expect(contrast('m0->m1')).toEqual({ class: 'flipped', a: 0.5, b: -0.75 });
    expect(contrast('input->m0')).toEqual({ class: 'only-a', a: 0.1, b: null });
    expect(contrast('input->a0.h1<v>')).toEqual({ class: 'only-b', a: null, b: 2 });
    expect(contrast('m0->logits')).toBeNull();
    // Both have input, logits, m0 and m1. m0 has effects of opposite signs. Only A has a0.h0, and only B has a0.h1.
    expect(nodes).toEqual({ both: 3, onlyA: 1, onlyB: 1, flipped: 1 });
    expect(jaccardNodes).toBe(4 / 6);
  });

  it('gives the larger effect, its rank in the union, and the union as the circuit', () => {
    const { data } = compare(a, b);
    const shown = select(data, view()).edges;
    expect(ids(shown)).toEqual(['input->a0.h1<v>', 'm1->logits', 'm0->m1', 'a0.h0->m0', 'input->m0']);
    expect(shown.map(({ effect, rank }) => [effect, rank])).toEqual([
      [2, 1],
      [1, 2],
      [-0.75, 3],
      [-0.25, 4],
      [0.1, 5],
    ]);
  });

  it('shows one side with its own effects while blinking', () => {
    const { data } = compare(a, b);
    const side = (blink: 'a' | 'b'): unknown[] =>
      select(data, view({ blink })).edges.map(({ id, effect }) => [id, effect]);
    expect(side('a')).toEqual([
      ['m1->logits', 1],
      ['m0->m1', 0.5],
      ['a0.h0->m0', -0.25],
      ['input->m0', 0.1],
    ]);
    expect(side('b')).toEqual([
      ['input->a0.h1<v>', 2],
      ['m1->logits', 0.5],
      ['m0->m1', -0.75],
    ]);
  });

  it('is the same from the other side, with A and B exchanged', () => {
    const edge = fc.constantFrom(...ids(sampleData().edges));
    const some = fc.dictionary(edge, fc.double({ min: -1, max: 1, noNaN: true }), { maxKeys: 12 });
    fc.assert(
      fc.property(some, some, (first, second) => {
        const there = compare(circuitOf(first), circuitOf(second));
        const back = compare(circuitOf(second), circuitOf(first));
        expect(back.edges).toEqual({ ...there.edges, onlyA: there.edges.onlyB, onlyB: there.edges.onlyA });
        expect(back.jaccardEdges).toBe(there.jaccardEdges);
        expect(back.jaccardNodes).toBe(there.jaccardNodes);
        expect(ids(back.data.edges)).toEqual(ids(there.data.edges));
        if (there.rankCorrelation === null) expect(back.rankCorrelation).toBeNull();
        else expect(back.rankCorrelation).toBeCloseTo(there.rankCorrelation, 12);
      }),
    );
  });

  it('finds a circuit equal to itself', () => {
    const { edges, jaccardEdges, jaccardNodes, rankCorrelation, data } = compare(sampleData(), sampleData());
    expect(edges).toEqual({ both: 7, onlyA: 0, onlyB: 0, flipped: 0 });
    expect([jaccardEdges, jaccardNodes]).toEqual([1, 1]);
    expect(rankCorrelation).toBeCloseTo(1, 12);
    expect(ids(data.edges)).toEqual(ids(sampleData().edges));
    expect(data.nodes).toEqual(sampleData().nodes);
  });

  it('compares models of different size by names', () => {
    const large = circuitOf(
      { 'm2->logits': 3, 'a2.h2->m2': 1, 'm1->logits': 1 },
      new Topology({ layers: 3, heads: 3, parallel: false }),
    );
    const { data, edges } = compare(a, large);
    expect([data.layers, data.heads, data.nodes.length]).toEqual([3, 3, 14]);
    expect(edges).toEqual({ both: 1, onlyA: 3, onlyB: 2, flipped: 0 });
    expect(data.nodeById.get('a2.h2')!.inCircuit).toBe(true);
  });

  it('leaves direct edges out where only one circuit decided on them', () => {
    const direct = toCircuitData(sampleDirectCircuit(), 'as-stated');
    expect(compare(sampleData(), direct).edges).toEqual({ both: 7, onlyA: 0, onlyB: 0, flipped: 0 });
    expect(compare(direct, direct).edges.both).toBe(10);
  });

  it('correlates the ranks of what both measured', () => {
    const spearman = (x: readonly number[], y: readonly number[]): number | null => {
      const names = ids(sampleData().nodes)
        .slice(0, -1)
        .map((node) => `${node}->logits`);
      const of = (values: readonly number[]): CircuitData =>
        circuitOf(Object.fromEntries(values.map((value, i) => [names[i]!, value])));
      return compare(of(x), of(y)).rankCorrelation;
    };
    expect(spearman([1, 2, 3, 4], [10, 200, 3000, 40000])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3, 4], [-4, -3, -2, -1])).toBeCloseTo(-1, 12);
    // The ranks are 1 2.5 2.5 4 and 1 2 3 4.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(spearman([1], [1])).toBeNull();
    expect(spearman([], [])).toBeNull();
  });
});

describe('matching sizes', () => {
  it('brings both circuits to the size of the smaller', () => {
    expect(matchEdges(a, b)).toBe(3);
    const { edges } = compare(strongest(a, 3), strongest(b, 3));
    expect(edges).toEqual({ both: 1, onlyA: 1, onlyB: 1, flipped: 1 });
  });

  it('chooses among all where a file chooses none', () => {
    const scores = circuitOf(SAMPLE_KEPT);
    const all = { ...scores, edges: scores.edges.map((edge) => ({ ...edge, inCircuit: false })) };
    expect(matchEdges(all, b)).toBe(3);
    expect(ids(strongest(all, 2).edges.filter((edge) => edge.inCircuit))).toEqual(['a0.h1->a1.h0<v>', 'm1->logits']);
  });
});
