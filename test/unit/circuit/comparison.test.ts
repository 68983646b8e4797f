import { describe, expect, test } from 'vitest';
import { compareCircuits, contrastOf, jaccardIndex, rankCorrelation } from '../../../src/circuit/comparison.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import {
  SAMPLE_TOPOLOGY as topology,
  sampleCircuit,
  sampleDirectCircuit,
  sampleSharedCircuit,
} from '../../support/sample-circuit.js';

const circuitOf = (effects: Readonly<Record<string, number>>) => {
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  const ids = Object.entries(effects).map(([name, effect]) => {
    const id = topology.edgeId(name)!;
    values[id] = effect;
    return id;
  });
  const direct = Array.from({ length: topology.directEdges }, (_, i) => topology.additionEdges + i);
  const kept = EdgeSet.of(topology, [...ids, ...direct]);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  return sampleCircuit({ effects: values, kept, steps, untestedRemovals: [] });
};

describe('two circuits', () => {
  const a = circuitOf({ 'm1->logits': 1, 'm0->m1': 0.5, 'a0.h0->m0': -0.25 });
  const b = circuitOf({ 'm1->logits': 0.5, 'm0->m1': -0.75, 'input->a0.h1<v>': 2, 'input->m0': 3 });

  test('are counted edge by edge', () => {
    const { edges, jaccard, rankCorrelation: ranks } = compareCircuits(a, b);
    expect(edges).toEqual({ both: 1, flipped: 1, onlyA: 1, onlyB: 2 });
    expect(jaccard).toBe(2 / 5);
    expect(ranks).toBeCloseTo(-1, 12);
  });

  test('are the other way round with A and B exchanged', () => {
    expect(compareCircuits(b, a).edges).toEqual({ both: 1, flipped: 1, onlyA: 2, onlyB: 1 });
  });

  test('direct edges count only where both decided on them', () => {
    const direct = sampleDirectCircuit();
    expect(compareCircuits(direct, direct).edges).toEqual({ both: 10, flipped: 0, onlyA: 0, onlyB: 0 });
    expect(compareCircuits(sampleCircuit(), direct).edges.both).toBe(7);
  });
});

test('an item that one of the models lacks is in the other circuit only', () => {
  const item = { inCircuit: true, effect: 1 };
  expect(contrastOf(item, undefined)).toBe('only-a');
  expect(contrastOf(undefined, item)).toBe('only-b');
  expect(contrastOf(undefined, { ...item, inCircuit: false })).toBeNull();
  expect(contrastOf(item, { ...item, effect: null })).toBe('both');
  expect(contrastOf(item, { ...item, effect: -1 })).toBe('flipped');
});

test('empty circuits are equal; a side that is constant has no correlation', () => {
  expect(jaccardIndex({ both: 0, onlyA: 0, onlyB: 0, flipped: 0 })).toBe(1);
  expect(rankCorrelation([1, 1], [1, 2])).toBeNull();
  expect(rankCorrelation([1], [1])).toBeNull();
  // Ranks 1 2.5 2.5 4 against 1 2 3 4.
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

describe('ports of keys and values', () => {
  test('that groups of heads share are compared with none of their own', () => {
    const shared = sampleSharedCircuit();
    expect(compareCircuits(shared, shared).edges).toMatchObject({ both: 6, onlyA: 0, onlyB: 0 });
    expect(() => compareCircuits(shared, sampleCircuit())).toThrow(
      /2 heads of a share one, and every head of b has its own key and value ports/,
    );
  });
});
