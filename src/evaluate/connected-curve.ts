import type { Circuit } from '../circuit/circuit.js';
import { connectedLevels, edgeStrengths, levelEdges, pathStrengths } from '../circuit/connected-levels.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { spreadSizes } from './curve.js';

/** Most points of the curve. */
const MOST_POINTS = 100;

/** A connected circuit of the strongest edges. */
export interface ConnectedCircuit {
  /** Its candidate edges: direct edges count where they were decided on. */
  readonly edges: number;
  readonly kept: EdgeSet;
}

/**
 * The connected circuits of the strongest edges (see connectedLevels), smallest first, at most 100: of more sizes some
 * are chosen, evenly in their logarithm. The last one is always among them: every kept edge that lies on a path.
 */
export function connectedCircuits(
  circuit: Pick<Circuit, 'kept' | 'directTested' | 'effects' | 'inCircuit'>,
): ConnectedCircuit[] {
  const { kept, directTested } = circuit;
  const paths = pathStrengths(kept, edgeStrengths(circuit), directTested);
  const levels = connectedLevels(paths);
  return spreadSizes(
    levels.map(({ edges }) => edges),
    MOST_POINTS,
  ).map((at) => {
    const { edges, strength } = levels[at]!;
    return { edges, kept: levelEdges(kept, paths, strength, directTested) };
  });
}
