import { candidateEdges, keptEdges, type Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { nodeName } from '../../circuit/nodes.js';
import { circuitNodes } from '../../circuit/records.js';

/**
 * Whether the details were measured for this very circuit: same kept edges, and, where the circuit says what it was
 * measured with or where it comes from, same weights and task.
 */
export function detailsFit(details: CircuitDetails, circuit: Circuit): boolean {
  const { of, edges } = details;
  const { topology, kept, provenance, inCircuit } = circuit;
  if (of.keptEdges !== keptEdges(circuit)) return false;
  const from = inCircuit?.measuredWith ?? provenance;
  if (from && (from.model.hash !== of.model || from.task.hash !== of.task)) return false;
  const names = Object.keys(edges);
  // Circuits that were chosen from scores have no effects per prompt; their nodes must then be the same.
  if (names.length === 0) return hasNodes(circuit, Object.keys(details.nodes));
  return (
    names.length === of.keptEdges &&
    names.every((name) => {
      const id = topology.edgeId(name);
      return id !== undefined && id < candidateEdges(circuit) && kept.has(id);
    })
  );
}

/** Whether these are the circuit's nodes that write. */
function hasNodes(circuit: Circuit, names: readonly string[]): boolean {
  const nodes = circuitNodes(circuit);
  const writers = circuit.topology.writers.map(nodeName).filter((name) => nodes.has(name));
  return names.length === writers.length && names.every((name) => nodes.has(name));
}
