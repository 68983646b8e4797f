import type { CircuitData, EdgeRecord } from '../../data/circuit-data.js';

/** A circuit of up to this number of edges is planned whole, whatever part of it is shown. */
const WHOLE = 150;
/** Of a larger one it is the strongest edges: the smallest of these numbers that has all shown edges. */
const SIZES = [25, 50, 100, 200, 400] as const;

/**
 * The edges that the places of a figure follow from: the shown ones, and those that a slider could show beside them.
 *
 * @param inCircuit only edges of the circuit can be shown.
 */
export function wholeOf(data: CircuitData, shown: readonly EdgeRecord[], inCircuit: boolean): readonly EdgeRecord[] {
  const pool = inCircuit ? data.edges.filter((edge) => edge.inCircuit) : data.edges;
  const missing = new Set(shown.map(({ id }) => id));
  let reached = 0;
  for (let i = 0; i < pool.length && missing.size > 0; i++) if (missing.delete(pool[i]!.id)) reached = i + 1;
  const size = pool.length <= WHOLE ? WHOLE : (SIZES.find((one) => reached <= one) ?? SIZES[0]);
  const strongest = pool.slice(0, size);
  const known = new Set(strongest.map(({ id }) => id));
  return [...strongest, ...shown.filter(({ id }) => !known.has(id))];
}
