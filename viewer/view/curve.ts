import { keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitDocument } from '../data/document.js';

/**
 * Faithfulness of the strongest `shownEdges` kept edges. It is known for the sizes on the curve in details.json, and
 * for the whole circuit. Null for other sizes. It does not hold for edges that a filter chose.
 */
export function faithfulnessAt(document: CircuitDocument, shownEdges: number): number | null {
  const measured = document.details?.curve.find(({ edges }) => edges === shownEdges);
  if (measured) return measured.faithfulness;
  const { provenance } = document.circuit;
  return provenance && shownEdges === keptEdges(document.circuit) ? provenance.faithfulness : null;
}
