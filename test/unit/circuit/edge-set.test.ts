import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { createRng } from '../../../src/base/rng.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';

const topology = new Topology({ layers: 2, heads: 3, parallel: false });

describe('EdgeSet', () => {
  it('full and empty differ in the addition edges alone', () => {
    expect(EdgeSet.full(topology).size).toBe(topology.edgeCount);
    expect(EdgeSet.empty(topology).additionSize).toBe(0);
    expect(EdgeSet.empty(topology).size).toBe(topology.directEdges);
  });

  it('behaves as a set of integers that no operation changes', () => {
    const ids = fc.uniqueArray(fc.nat(topology.edgeCount - 1));
    fc.assert(
      fc.property(ids, fc.nat(topology.edgeCount - 1), (members, other) => {
        const set = EdgeSet.of(topology, members);
        const sorted = members.toSorted((a, b) => a - b);
        const [larger, smaller] = [set.with(other), set.without(other)];
        expect([...larger]).toEqual([...new Set([...sorted, other])].toSorted((a, b) => a - b));
        expect([...smaller]).toEqual(sorted.filter((id) => id !== other));
        expect([...set]).toEqual(sorted);
        expect(set.size).toBe(members.length);
        expect(set.additionSize).toBe(members.filter((id) => id < topology.additionEdges).length);
        expect(set.equals(EdgeSet.of(topology, members.toReversed()))).toBe(true);
        expect(set.with(other).equals(set)).toBe(members.includes(other));
      }),
    );
  });

  it('is not equal to the same set of another topology', () => {
    const other = new Topology({ layers: 2, heads: 3, parallel: false });
    expect(EdgeSet.full(topology).equals(EdgeSet.full(other))).toBe(false);
  });

  it.each([-1, 0.5, NaN, topology.edgeCount])('refuses the id %s', (id) => {
    expect(() => EdgeSet.of(topology, [id])).toThrow(EdgewiseError);
  });
});

it('runs of edges: all kept, bits added up, differences and marks, as one edge after the other says', () => {
  const shape = new Topology({ layers: 3, heads: 4, parallel: false });
  const rng = createRng(11);
  for (let trial = 0; trial < 300; trial++) {
    const share = [0.02, 0.5, 0.98, 1][trial % 4]!;
    const set = EdgeSet.where(shape, () => rng.next() < share);
    const other = trial % 3 === 0 ? set : EdgeSet.where(shape, () => rng.next() < share);
    const first = Math.floor(rng.next() * shape.edgeCount);
    const count = Math.floor(rng.next() * Math.min(80, shape.edgeCount - first));
    const ids = Array.from({ length: count }, (_, i) => first + i);
    const marks = ids.map(() => rng.next() < 0.02);
    const marked = new Uint32Array(3);
    marks.forEach((mark, i) => (marked[i >> 5]! |= (mark ? 1 : 0) << (i & 31)));
    expect(set.hasAll(first, count)).toBe(ids.every((id) => set.has(id)));
    expect(set.differs(other, first, count, marked)).toBe(
      ids.some((id, i) => set.has(id) !== other.has(id) || (set.has(id) && marks[i])),
    );
    const into = Uint32Array.from(marked);
    set.addBits(first, count, into);
    ids.forEach((id, i) => expect((into[i >> 5]! >>> (i & 31)) & 1).toBe(set.has(id) || marks[i] ? 1 : 0));
  }
});
