import { createCircuit, type Circuit } from '../circuit/circuit.js';
import type { CircuitEvaluator } from '../circuit/evaluator.js';
import type { Ablation } from '../circuit/run-identity.js';
import { curveCircuits } from './curve.js';
import { measureEdges, type MeasuringProgress } from './measured-edges.js';

/**
 * The smallest circuit of a circuit's curve that is as faithful as wanted; the circuit itself where none is.
 *
 * Cost: an evaluation per kept edge, and two per point of the curve.
 *
 * @param ablation what cut edges carry in the evaluator.
 * @returns the circuit without effects in it: they are of another circuit. `evaluations` is what it took.
 */
export async function smallerCircuit(
  evaluator: CircuitEvaluator,
  circuit: Circuit,
  wanted: number,
  ablation: Ablation,
  onProgress?: (progress: MeasuringProgress) => void,
): Promise<{ readonly circuit: Circuit; readonly evaluations: number }> {
  const measured = await measureEdges(evaluator, circuit, { ablation, dropIdle: false }, onProgress);
  const { curve, effects } = measured.circuit.inCircuit!;
  const point = curve.find(({ faithfulness }) => faithfulness !== null && faithfulness >= wanted);
  const ranked = { kept: circuit.kept, directTested: circuit.directTested, effects };
  const kept = point && curveCircuits(ranked).find(({ edges }) => edges === point.edges)?.kept;
  const { inCircuit: _, ...alone } = circuit;
  return {
    circuit: createCircuit({ ...alone, kept: kept ?? circuit.kept }),
    evaluations: Object.keys(measured.inCircuit).length + 2 * curve.length + 2,
  };
}
