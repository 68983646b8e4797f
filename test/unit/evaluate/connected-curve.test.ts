import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { connectedCircuits } from '../../../src/evaluate/connected-curve.js';

test('a curve of many sizes has at most 100 points, the whole circuit last', () => {
  const topology = new Topology({ layers: 6, heads: 6, parallel: false });
  const strengths = Float64Array.from({ length: topology.edgeCount }, (_, id) => 1 + ((id * 7919) % 4999));
  const circuits = connectedCircuits({ kept: EdgeSet.full(topology), directTested: false, effects: strengths });
  const sizes = circuits.map(({ edges }) => edges);
  expect(sizes.length).toBeGreaterThan(60);
  expect(sizes.length).toBeLessThanOrEqual(100);
  expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  expect(sizes.at(-1)).toBe(topology.additionEdges);
  expect(circuits.map(({ kept }) => kept.additionSize)).toEqual(sizes);
});
