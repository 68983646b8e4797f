import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import type { Circuit } from '../../circuit/circuit.js';
import { Topology } from '../../circuit/topology.js';
import { kindsOf, leastShape } from '../../circuit/shape-of-names.js';
import { endsOfName, type FileEdge, type ReadCircuit } from './circuit-file.js';
import { readTrace, type TraceStep } from './trace.js';

/**
 * The circuit at the end of a trace: the edges that were kept, with their effects and steps. An edge that was never
 * tested is cut, because a search removes untested edges only. Metrics are in loss form: a positive effect helps.
 *
 * A trace has no provenance and no width. Its model's shape is known where the search tested every edge into the
 * logits, and of every other input all edges or none: a search from the whole model does, and one after a screening
 * does not.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the line, field or edge at fault.
 */
export function readTraceCircuit(text: string, source: string): ReadCircuit {
  const trace = readTrace(text, source);
  if (trace.length === 0) throw new EdgewiseError('circuit', source, 'is empty, expected one decision a line');
  const edges = new Map<string, FileEdge>();
  const direct = new Map<string, FileEdge>();
  const nodes = new Set<string>();
  for (const { step, edge, before, after, kept } of trace) {
    const [from, to] = endsOfName(edge) ?? [];
    if (from === undefined || to === undefined) {
      const what = `step ${step}: edge: got ${quote(edge)}, expected a name such as m0->a1.h0<q>`;
      throw new EdgewiseError('circuit', source, what);
    }
    nodes.add(from).add(to);
    (from === to ? direct : edges).set(edge, { score: after - before, inGraph: kept, step });
  }
  const least = leastShape([...nodes], source);
  const fitting = kindsOf([...nodes], [...edges.keys()])
    .map((kind) => ({ ...least, ...kind }))
    .filter((shape) => isWholeSearch(new Set(edges.keys()), new Topology(shape, source)));
  const isKnown = fitting.length === 1;
  const shape = isKnown ? fitting[0]! : { ...least, parallel: false };
  const doubt =
    'a trace does not say how many layers and heads its model has, unless every edge into the logits was tested';
  return {
    file: {
      source,
      edges,
      directEdges: direct.size > 0 ? direct : undefined,
      nodes: new Map(),
      untestedRemovals: [],
      cfg: undefined, // the shape is read off the decisions: a given model goes before it
      provenance: undefined,
      scores: undefined,
      imported: { positive: 'helps', selection: null },
      view: undefined,
    },
    notes: [],
    found: { shape, doubt: isKnown ? null : doubt },
  };
}

/** Whether a search from the whole model of this shape can have tested these edges and no others. */
function isWholeSearch(tested: ReadonlySet<string>, topology: Topology): boolean {
  let found = 0;
  for (let port = 0; port < topology.ports.length; port++) {
    let count = 0;
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      if (tested.has(topology.edgeName(topology.additionEdge(writer, port)))) count++;
    }
    const isNone = count === 0 && port !== topology.logitsPort;
    if (!isNone && count !== topology.fanIn(port)) return false;
    found += count;
  }
  return found === tested.size;
}

/**
 * The trace, if it is this circuit's.
 *
 * @param source the trace's name, for messages.
 * @throws EdgewiseError kind `circuit` at the first decision that the circuit contradicts: it does not have the edge,
 *   or the decision went the other way there. Edges that the search kept may have been left out afterwards.
 */
export function checkTrace(trace: readonly TraceStep[], circuit: Circuit, source: string): readonly TraceStep[] {
  const { topology, kept } = circuit;
  const leftOut = isSmaller(circuit);
  for (const step of trace) {
    const id = topology.edgeId(step.edge);
    if (id === undefined) throw new EdgewiseError('circuit', source, `the circuit has no edge ${quote(step.edge)}`);
    if (kept.has(id) === step.kept || (step.kept && leftOut)) continue;
    const [here, there] = step.kept ? ['kept', 'removed'] : ['removed', 'kept'];
    throw new EdgewiseError('circuit', source, `edge ${quote(step.edge)} is ${here} here and ${there} in the circuit`);
  }
  return trace;
}

/** Whether edges that the search kept were left out afterwards. */
function isSmaller({ provenance }: Circuit): boolean {
  return provenance?.dropIdle !== undefined || provenance?.trimmed !== undefined;
}

/**
 * The decisions as the circuit itself tells them, for one found by ACDC whose trace is not at hand. ACDC goes on from
 * the metric with or without the edge. So the metrics follow from the first one and the effects, up to rounding. Where
 * they do not end at the circuit's own metric they are NaN. Null where some steps are missing, or edges that the search
 * kept.
 */
export function traceOf(circuit: Circuit): TraceStep[] | null {
  const { topology, steps, effects, kept, provenance } = circuit;
  if (provenance?.method !== 'acdc' || isSmaller(circuit)) return null;
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

/** Of metrics that are summed up from effects. Metrics are 32-bit numbers. */
const TOLERANCE = 1e-4;
