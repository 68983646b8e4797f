import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
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
