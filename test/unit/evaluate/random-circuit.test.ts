import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { randomCircuitLike } from '../../../src/evaluate/random-circuit.js';

const topology = new Topology({ layers: 3, heads: 4, parallel: false });
const circuit = EdgeSet.where(topology, (id) => id < 40 || (id >= topology.additionEdges && id % 2 === 0));

test('a random circuit has as many edges, the same direct edges, and depends on the seed alone', () => {
  const random = randomCircuitLike(circuit, 3);
  expect(random.additionSize).toBe(circuit.additionSize);
  expect(random.size).toBe(circuit.size);
  for (let id = topology.additionEdges; id < topology.edgeCount; id++) expect(random.has(id)).toBe(circuit.has(id));
  expect(random.equals(randomCircuitLike(circuit, 3))).toBe(true);
  expect(random.equals(randomCircuitLike(circuit, 4))).toBe(false);
});

test('every edge is drawn about as often', () => {
  const counts = new Array<number>(topology.additionEdges).fill(0);
  const draws = 2000;
  for (let seed = 0; seed < draws; seed++) {
    for (const id of randomCircuitLike(circuit, seed)) if (id < topology.additionEdges) counts[id]!++;
  }
  const expected = (draws * circuit.additionSize) / topology.additionEdges;
  const spread = 6 * Math.sqrt(expected);
  for (const count of counts)
    if (!(Math.abs(count - expected) <= spread)) expect.fail(`${count}, expected ${expected}`);
});

test('all and none', () => {
  expect(randomCircuitLike(EdgeSet.full(topology), 0).equals(EdgeSet.full(topology))).toBe(true);
  expect(randomCircuitLike(EdgeSet.empty(topology), 0).equals(EdgeSet.empty(topology))).toBe(true);
});
