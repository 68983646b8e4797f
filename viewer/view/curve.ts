import { keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitDocument } from '../data/document.js';

/**
 * Faithfulness of the circuit cut down to its strongest `shownEdges` kept edges, where it was measured at just that
 * size: on the curve in details.json, or for the whole circuit. It says nothing of edges chosen by a filter.
 */
export function faithfulnessAt(document: CircuitDocument, shownEdges: number): number | null {
  const measured = document.details?.curve.find(({ edges }) => edges === shownEdges);
  if (measured) return measured.faithfulness;
  const { provenance } = document.circuit;
  return provenance && shownEdges === keptEdges(document.circuit) ? provenance.faithfulness : null;
}
