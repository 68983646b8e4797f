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

/** Which circuit of a curve is wanted: the largest of at most so many edges, or the smallest of a faithfulness. */
export type WantedOnCurve = { readonly edges: number } | { readonly faithfulness: number };

/**
 * A circuit on the curve of a circuit: its strongest edges by the effect in the circuit, entered and pruned as the
 * curve was made. What was measured of the whole circuit is not said of it.
 *
 * @param source names the circuit in messages.
 * @throws EdgewiseError: circuit where the circuit has no curve, or one that its effects do not make; usage where every
 *   point has more edges, or none is so faithful.
 */
export function circuitOnCurve(circuit: Circuit, wanted: WantedOnCurve, source: string): CircuitOnCurve {
  const { inCircuit, kept, directTested, provenance, imported, ...rest } = circuit;
  const remedy = 'edgewise inspect measures it';
  if (!inCircuit || inCircuit.curve.length === 0) {
    const what = inCircuit ? 'no curve' : 'nothing of what its edges are worth in the circuit (in_circuit, curve)';
    throw new EdgewiseError('circuit', source, `holds ${what}; ${remedy}`);
  }
  const point = pointOf(inCircuit.curve, wanted);
  const found = curveCircuits({ kept, directTested, effects: inCircuit.effects }).find(
    ({ edges }) => edges === point.edges,
  );
  if (!found) {
    const what = `its curve has a point of ${counted(point.edges, 'edge')}, which its in_circuit does not make; ${remedy} anew`;
    throw new EdgewiseError('circuit', source, what);
  }
  const selection: SelectionRecord = {
    rule: 'circuit',
    limit: 'edges' in wanted ? wanted.edges : point.edges,
    absolute: true,
    pruned: true,
    chosen: point.edges,
    ...('faithfulness' in wanted && { faithfulness: wanted.faithfulness }),
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

function pointOf(curve: readonly CurvePoint[], wanted: WantedOnCurve): CurvePoint {
  if ('edges' in wanted) {
    const point = curve.findLast(({ edges }) => edges <= wanted.edges);
    if (point) return point;
    const what = `the smallest circuit on the curve has ${counted(curve[0]!.edges, 'edge')}`;
    throw new EdgewiseError('usage', `circuit:${wanted.edges}`, what);
  }
  const reached = curve.flatMap(({ faithfulness }) => (faithfulness === null ? [] : [faithfulness]));
  const point = curve.find(({ faithfulness }) => faithfulness !== null && faithfulness >= wanted.faithfulness);
  if (point) return point;
  const best =
    reached.length === 0 ? 'none is defined' : `the largest is ${Number(Math.max(...reached).toPrecision(4))}`;
  const what = `no circuit on the curve has so much faithfulness: ${best}`;
  throw new EdgewiseError('usage', `faithfulness:${wanted.faithfulness}`, what);
}
