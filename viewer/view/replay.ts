import type { TraceStep } from '../../src/files/own/trace.js';
import { assemble, type CircuitData, type EdgeRecord } from '../data/circuit-data.js';

/**
 * The circuit after the first `steps` decisions. An edge without a decision so far is in the circuit: it is pending and
 * has no effect. An edge that was removed untested never has a decision: it leaves with the last decision.
 *
 * Measured edges come first. Pending edges follow in their final order: a picture then does not jump from step to step.
 */
export function replay(data: CircuitData, trace: readonly TraceStep[], steps: number): CircuitData {
  if (steps >= trace.length) return data;
  const places = placesIn(trace);
  const waiting = pendingRecords(data);
  const decided: EdgeRecord[] = [];
  const pending: EdgeRecord[] = [];
  data.edges.forEach((edge, index) => {
    const place = places.get(edge.id);
    if (place !== undefined && place < steps) decided.push(edge);
    else pending.push(waiting[index]!);
  });
  const unmeasured = decided.findIndex((edge) => edge.effect === null);
  const measured = unmeasured < 0 ? decided.length : unmeasured;
  return assemble(data, [...decided.slice(0, measured), ...pending, ...decided.slice(measured)]);
}

/** Number of decisions up to and including the one on the edge. Null when there is none on it. */
export function stepOf(trace: readonly TraceStep[], edge: string): number | null {
  const place = placesIn(trace).get(edge);
  return place === undefined ? null : place + 1;
}

/** The last of the first `steps` decisions. Null before the first decision. */
export function decisionAt(trace: readonly TraceStep[], steps: number): TraceStep | null {
  return trace[Math.min(steps, trace.length) - 1] ?? null;
}

const placesByTrace = new WeakMap<readonly TraceStep[], ReadonlyMap<string, number>>();

function placesIn(trace: readonly TraceStep[]): ReadonlyMap<string, number> {
  let places = placesByTrace.get(trace);
  if (!places) {
    places = new Map(trace.map(({ edge }, place) => [edge, place]));
    placesByTrace.set(trace, places);
  }
  return places;
}

const pendingByData = new WeakMap<CircuitData, readonly EdgeRecord[]>();

/** Every edge as it is before its decision, in the order of `data.edges`. */
function pendingRecords(data: CircuitData): readonly EdgeRecord[] {
  let records = pendingByData.get(data);
  if (!records) {
    records = data.edges.map((edge) => ({
      ...edge,
      effect: null,
      decided: null,
      idle: false,
      rank: null,
      inCircuit: true,
      pending: true,
    }));
    pendingByData.set(data, records);
  }
  return records;
}
