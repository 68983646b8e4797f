import { keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitData } from '../data/circuit-data.js';
import type { CircuitDocument } from '../data/document.js';
import type { Measure } from '../data/measure.js';
import { defaultScope, poolOf } from './pool.js';
import type { Selection } from './selection.js';
import type { ViewState } from './view-state.js';

/** A connected circuit of the strongest kept edges, and how much of the behaviour it restores. */
export interface MeasuredSize {
  readonly edges: number;
  readonly faithfulness: number;
}

/** The number by which the edges of the measured circuits are the strongest. */
function curveMeasure({ circuit, details }: CircuitDocument): Measure {
  const goesByCircuit = details?.curve ? Object.keys(details.inCircuit).length > 0 : circuit.inCircuit !== undefined;
  return goesByCircuit ? 'circuit' : 'decided';
}

/** The connected circuits of a document whose faithfulness was measured, smallest first. */
export function measuredCurve({ circuit, details }: CircuitDocument): readonly MeasuredSize[] {
  const { inCircuit, directTested, provenance } = circuit;
  // The circuit's own curve counts no direct edges. It is sparser than that of the details.
  const points = details?.curve ?? (directTested ? [] : (inCircuit?.curve ?? []));
  const known = points.flatMap(({ edges, faithfulness }) => (faithfulness === null ? [] : [{ edges, faithfulness }]));
  const whole = keptEdges(circuit);
  const said = provenance?.faithfulness ?? null;
  if (said === null || known.at(-1)?.edges === whole) return known;
  return [...known, { edges: whole, faithfulness: said }];
}

/** The smallest measured circuit that restores at least so much of the behaviour; null for none. */
export function smallestWith(curve: readonly MeasuredSize[], faithfulness: number): MeasuredSize | null {
  return curve.find((point) => point.faithfulness >= faithfulness) ?? null;
}

/** How much of the behaviour the shown circuit restores, or why nobody knows. */
export type Faithfulness =
  | { readonly value: number; readonly edges: number }
  | { readonly value: null; readonly why: string };

/**
 * @param data the document's own circuit, as it is drawn; null in a comparison and at a moment of a replay.
 */
export function shownFaithfulness(
  document: CircuitDocument,
  data: CircuitData | null,
  selection: Selection,
  view: ViewState,
  measure: Measure,
): Faithfulness {
  const unknown = (why: string): Faithfulness => ({ value: null, why });
  if (!data) return unknown('not measured here');
  const curve = measuredCurve(document);
  if (curve.length === 0) return unknown('not measured: the command inspect measures it');
  if ((view.scope ?? defaultScope(data)) === 'all' && keptEdges(document.circuit) < data.edges.length) {
    return unknown('measured of kept edges alone');
  }
  const size = circuitSize(data, selection, view);
  if (size === keptEdges(document.circuit)) return at(curve, size) ?? unknown('not measured');
  if (measure !== curveMeasure(document)) return unknown('not measured of circuits that are chosen by this');
  if (size === null) return unknown('measured of connected circuits alone');
  return at(curve, size) ?? unknown('not measured at this size');
}

function at(curve: readonly MeasuredSize[], size: number): Faithfulness | null {
  const point = curve.find(({ edges }) => edges === size);
  return point ? { value: point.faithfulness, edges: size } : null;
}

/**
 * Number of edges of the circuit that is shown where it is a connected circuit, or all edges of the scope. Filters hide
 * edges of a connected circuit; without one they choose others. Null otherwise.
 */
function circuitSize(data: CircuitData, { circuit, edges }: Selection, view: ViewState): number | null {
  if (circuit) return circuit.edges;
  const pool = poolOf(data, view);
  if (edges.length === pool.scoped.length) return edges.length;
  const { paths, levels } = pool.connected();
  let [found, weakest] = [0, Infinity];
  // The edges come in the order of the scope.
  for (let place = 0; place < pool.scoped.length && found < edges.length; place++) {
    if (pool.scoped[place] !== edges[found]) continue;
    weakest = Math.min(weakest, paths[place]!);
    found++;
  }
  if (found < edges.length) return null;
  return levels.find((level) => level.strength === weakest && level.edges === edges.length)?.edges ?? null;
}
