import { EdgewiseError } from '../../src/base/errors.js';
import type { Circuit } from '../../src/circuit/circuit.js';
import { quote } from '../../src/base/text.js';
import type { TraceStep } from '../../src/files/own/trace.js';

/**
 * The decisions in trace.jsonl, in their order. Metrics that are null are NaN.
 *
 * @throws EdgewiseError kind `circuit` that names the line and the field at fault.
 */
export function readTrace(text: string, name: string): TraceStep[] {
  const trace: TraceStep[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() !== '') trace.push(readStep(line, `${name}, line ${index + 1}`));
  });
  const edges = new Set<string>();
  for (const [index, { step, edge }] of trace.entries()) {
    if (edges.has(edge)) throw new EdgewiseError('circuit', name, `edge ${quote(edge)} is decided on twice`);
    edges.add(edge);
    if (index > 0 && step <= trace[index - 1]!.step) {
      throw new EdgewiseError('circuit', name, `step ${step} follows step ${trace[index - 1]!.step}`);
    }
  }
  return trace;
}

function readStep(line: string, where: string): TraceStep {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new EdgewiseError('circuit', where, 'not valid JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new EdgewiseError('circuit', where, `got ${quote(json)}, expected an object`);
  }
  const { step, edge, before, after, kept } = json as Readonly<Record<string, unknown>>;
  const complain = (field: string, got: unknown, expected: string): never => {
    throw new EdgewiseError('circuit', where, `${field}: got ${quote(got)}, expected ${expected}`);
  };
  const metric = (field: string, value: unknown): number => {
    if (value === null) return NaN;
    return typeof value === 'number' ? value : complain(field, value, 'a number or null');
  };
  return {
    step:
      typeof step === 'number' && Number.isSafeInteger(step) && step >= 0
        ? step
        : complain('step', step, 'an integer from 0'),
    edge: typeof edge === 'string' ? edge : complain('edge', edge, 'the name of an edge'),
    before: metric('before', before),
    after: metric('after', after),
    kept: typeof kept === 'boolean' ? kept : complain('kept', kept, 'true or false'),
  };
}

/**
 * The trace, if it is this circuit's.
 *
 * @throws EdgewiseError kind `circuit` at the first decision on an edge that the circuit does not have, or that went the
 * other way there.
 */
export function checkTrace(trace: readonly TraceStep[], circuit: Circuit, name: string): readonly TraceStep[] {
  const { topology, kept } = circuit;
  for (const step of trace) {
    const id = topology.edgeId(step.edge);
    if (id === undefined) throw new EdgewiseError('circuit', name, `the circuit has no edge ${quote(step.edge)}`);
    if (kept.has(id) === step.kept) continue;
    const [here, there] = step.kept ? ['kept', 'removed'] : ['removed', 'kept'];
    throw new EdgewiseError('circuit', name, `edge ${quote(step.edge)} is ${here} here and ${there} in the circuit`);
  }
  return trace;
}

/**
 * The decisions as the circuit itself tells them, for one found by ACDC whose trace is not at hand. ACDC goes on from
 * the metric with or without the edge, so that the metrics follow from the first one and the effects, up to rounding;
 * where they do not end at the circuit's own metric they are NaN. Null where the steps are not all there.
 */
export function traceOf(circuit: Circuit): TraceStep[] | null {
  const { topology, steps, effects, kept, provenance } = circuit;
  if (provenance?.method !== 'acdc') return null;
  const order = [...steps.keys()].filter((id) => steps[id]! >= 0).sort((a, b) => steps[a]! - steps[b]!);
  if (order.length === 0 || order.some((id, step) => steps[id] !== step)) return null;
  const { initial, final } = provenance.metrics;
  let metric = initial ?? NaN;
  const trace = order.map((id, step): TraceStep => {
    const before = metric;
    const after = before + effects[id]!;
    if (!kept.has(id)) metric = after;
    return { step, edge: topology.edgeName(id), before, after, kept: kept.has(id) };
  });
  if (final !== null && Math.abs(metric - final) <= TOLERANCE * Math.max(1, Math.abs(final))) return trace;
  return trace.map((step) => ({ ...step, before: NaN, after: NaN }));
}

/** Of metrics that are summed up from effects; metrics are 32-bit numbers. */
const TOLERANCE = 1e-4;
