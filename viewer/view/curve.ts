import { keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitDocument } from '../data/document.js';

/** Faithfulness of `shownEdges` kept edges: known for the whole circuit alone, null for a part of it. */
export function faithfulnessAt({ circuit }: CircuitDocument, shownEdges: number): number | null {
  return circuit.provenance && shownEdges === keptEdges(circuit) ? circuit.provenance.faithfulness : null;
}
