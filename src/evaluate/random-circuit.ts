import { createRng } from '../base/rng.js';
import { EdgeSet } from '../circuit/edge-set.js';

/**
 * A circuit of as many addition edges as `circuit`, drawn uniformly, with the same direct edges: what a circuit of that size
 * is worth that knows nothing of the task.
 */
export function randomCircuitLike(circuit: EdgeSet, seed: number): EdgeSet {
  const { topology } = circuit;
  const ids = Array.from({ length: topology.additionEdges }, (_, id) => id);
  const drawn = new Set(createRng(seed).sample(ids, circuit.additionSize));
  return EdgeSet.where(topology, (id) => (id < topology.additionEdges ? drawn.has(id) : circuit.has(id)));
}
