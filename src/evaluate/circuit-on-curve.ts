import { EdgewiseError } from '../base/errors.js';
import { counted } from '../base/text.js';
import { createCircuit, type Circuit } from '../circuit/circuit.js';
import type { CurvePoint } from '../circuit/in-circuit.js';
import type { SelectionRecord } from '../circuit/run-identity.js';
import { curveCircuits } from './curve.js';

/** A circuit that is a point of another circuit's curve. */
export interface CircuitOnCurve {
  readonly circuit: Circuit;
  readonly point: CurvePoint;
}

/**
 * The largest circuit of at most so many edges on the curve of a circuit: its strongest edges by the effect in the
 * circuit, entered and pruned as the curve was made. What was measured of the whole circuit is not said of it.
 *
 * @param source names the circuit in messages.
 * @throws EdgewiseError: circuit where the circuit has no curve, or one that its effects do not make; usage where every
 *   point has more edges.
 */
export function circuitOnCurve(circuit: Circuit, most: number, source: string): CircuitOnCurve {
  const { inCircuit, kept, directTested, provenance, imported, ...rest } = circuit;
  const remedy = 'edgewise inspect measures it';
  if (!inCircuit || inCircuit.curve.length === 0) {
    const what = inCircuit ? 'no curve' : 'nothing of what its edges are worth in the circuit (in_circuit, curve)';
    throw new EdgewiseError('circuit', source, `holds ${what}; ${remedy}`);
  }
  const point = inCircuit.curve.findLast(({ edges }) => edges <= most);
  if (!point) {
    const what = `the smallest circuit on the curve has ${counted(inCircuit.curve[0]!.edges, 'edge')}`;
    throw new EdgewiseError('usage', `circuit:${most}`, what);
  }
  const found = curveCircuits({ kept, directTested, effects: inCircuit.effects }).find(
    ({ edges }) => edges === point.edges,
  );
  if (!found) {
    const what = `its curve has a point of ${counted(point.edges, 'edge')}, which its in_circuit does not make; ${remedy} anew`;
    throw new EdgewiseError('circuit', source, what);
  }
  const selection: SelectionRecord = {
    rule: 'circuit',
    limit: most,
    absolute: true,
    pruned: true,
    chosen: point.edges,
  };
  return {
    point,
    circuit: createCircuit({
      ...rest,
      kept: found.kept,
      directTested,
      provenance: provenance && {
        ...provenance,
        metrics: { ...provenance.metrics, final: null },
        faithfulness: null,
        minMargin: null,
        selection,
      },
      ...(provenance ? {} : { imported: { positive: imported?.positive ?? null, selection } }),
    }),
  };
}
