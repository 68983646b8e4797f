import { signIsStated, type Circuit } from '../../src/circuit/circuit.js';
import { edgeEnds } from '../../src/circuit/edge-ends.js';
import { nodeName, portNode } from '../../src/circuit/nodes.js';
import type { SignReading } from './saved-view.js';

/**
 * A number of an edge.
 *
 * - `circuit`: its effect in the circuit that was found
 * - `decided`: its effect when it was decided on, or its score
 * - `share`: its share of what its reader gets: |n| / sum of |n| over all kept edges into the reader, with the sign of
 *   n. n is its effect in the circuit where that was measured, else its effect when it was decided on.
 */
export type Measure = 'circuit' | 'decided' | 'share';

/** The numbers that every one of the circuits has, the best one first. None of them has none. */
export function measuresOf(...circuits: readonly Circuit[]): readonly Measure[] {
  if (circuits.length === 0) return [];
  return [
    ...(circuits.every(isMeasuredInCircuit) ? (['circuit'] as const) : []),
    ...(circuits.every(({ effects }) => effects.some(Number.isFinite)) ? (['decided'] as const) : []),
    ...(circuits.every((circuit) => isMeasuredInCircuit(circuit) || circuit.effects.some(Number.isFinite))
      ? (['share'] as const)
      : []),
  ];
}

/**
 * Whether it is known what a positive number means: that the edge helps. What an edge is worth in the circuit is always
 * in loss form. For scores the file says it, or the reader chose it.
 */
export function signIsKnown(circuit: Circuit, sign: SignReading, measure: Measure): boolean {
  return signIsStated(circuit) || sign !== 'as-stated' || (measure !== 'decided' && isMeasuredInCircuit(circuit));
}

/** Per edge id its number, loss form. NaN where it was not measured. */
export function numbersOf(circuit: Circuit, measure: Measure): Float64Array {
  switch (measure) {
    case 'decided':
      return circuit.effects;
    case 'circuit':
      return circuit.inCircuit?.effects ?? new Float64Array(circuit.topology.edgeCount).fill(Number.NaN);
    case 'share':
      return sharesOf(circuit);
  }
}

function isMeasuredInCircuit({ inCircuit }: Circuit): boolean {
  return inCircuit?.effects.some(Number.isFinite) ?? false;
}

/** A direct edge is no part of what its reader gets: it is what the reader makes of it. */
function sharesOf(circuit: Circuit): Float64Array {
  const { topology, kept } = circuit;
  const numbers = isMeasuredInCircuit(circuit) ? circuit.inCircuit!.effects : circuit.effects;
  const { ports } = edgeEnds(topology);
  const readers = topology.ports.map((port) => nodeName(portNode(port)));
  const counted = [...kept].filter((id) => id < topology.additionEdges && Number.isFinite(numbers[id]));
  const sums = new Map<string, number>();
  // In units of the largest number, a sum of huge numbers is finite.
  const scale = counted.reduce((most, id) => Math.max(most, Math.abs(numbers[id]!)), 0) || 1;
  for (const id of counted) {
    const reader = readers[ports[id]!]!;
    sums.set(reader, (sums.get(reader) ?? 0) + Math.abs(numbers[id]! / scale));
  }
  const shares = new Float64Array(topology.edgeCount).fill(Number.NaN);
  for (const id of counted) {
    const sum = sums.get(readers[ports[id]!]!)!;
    shares[id] = sum === 0 ? 0 : numbers[id]! / scale / sum;
  }
  return shares;
}
