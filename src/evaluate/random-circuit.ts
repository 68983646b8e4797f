import { createRng } from '../base/rng.js';
import { EdgeSet } from '../circuit/edge-set.js';

/**
 * A circuit of as many addition edges as `circuit`, drawn uniformly, with the same direct edges. It is a baseline: a
 * circuit of that size that knows nothing of the task.
 *
 * @param seed 32 bits; equal seeds draw equal circuits.
 */
export function randomCircuitLike(circuit: EdgeSet, seed: number): EdgeSet {
  const { topology } = circuit;
  const rng = createRng(seed);
  let needed = circuit.additionSize;
  return EdgeSet.where(topology, (id) => {
    if (id >= topology.additionEdges) return circuit.has(id);
    // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): ids come in ascending order.
    const drawn = rng.next() * (topology.additionEdges - id) < needed;
    if (drawn) needed--;
    return drawn;
  });
}
