import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { CircuitEvaluator } from '../circuit/evaluator.js';
import type { CurvePoint } from '../circuit/in-circuit.js';
import { pruneDisconnected } from '../circuit/prune.js';
import { greedyEdges } from '../discover/greedy.js';
import { faithfulness } from './faithfulness.js';

/** Most points of a curve. */
const MOST_POINTS = 200;

/** A circuit with a number for each of its edges. */
export interface RankedCircuit {
  readonly kept: EdgeSet;
  readonly directTested: boolean;
  /** [edgeCount], by edge id. What |effect| says of the others does not matter. */
  readonly effects: Float64Array;
}

/** One circuit of a curve. */
export interface CurveCircuit {
  /** Addition edges that are left. */
  readonly edges: number;
  readonly kept: EdgeSet;
}

/**
 * The circuits of a curve, from the smallest to the largest, each inside the next. Edges enter one at a time from the
 * logits down, by |effect|, equal ones by writer and port. What lies on no path from `input` to `logits` is taken away.
 * There is one circuit for each size that is left, at most 200: of more sizes some are chosen, evenly in their
 * logarithm. The largest is always among them.
 *
 * The last circuit has every edge of the given one that lies on a path. It may be smaller than the given circuit.
 */
export function curveCircuits(circuit: RankedCircuit): CurveCircuit[] {
  const { kept, directTested, effects } = circuit;
  const { topology } = kept;
  const strengths = new Float64Array(topology.edgeCount).fill(Number.NaN);
  for (const id of kept) if (id < topology.additionEdges) strengths[id] = strengthOf(effects[id]!);
  const { taken: order } = greedyEdges({ topology, values: strengths }, strengths, kept.additionSize);
  const bySize = new Map<number, CurveCircuit>();
  const taken = new Set<number>();
  for (const edge of order) {
    taken.add(edge);
    const chosen = EdgeSet.where(topology, (id) => taken.has(id) || (id >= topology.additionEdges && kept.has(id)));
    const connected = pruneDisconnected(chosen, directTested);
    const edges = connected.additionSize;
    if (edges > 0 && !bySize.has(edges)) bySize.set(edges, { edges, kept: connected });
  }
  const circuits = [...bySize.values()];
  return spreadSizes(
    circuits.map(({ edges }) => edges),
    MOST_POINTS,
  ).map((at) => circuits[at]!);
}

/** An effect that is not finite says that the metric broke down without the edge. */
function strengthOf(effect: number): number {
  return Number.isFinite(effect) ? Math.abs(effect) : Infinity;
}

/** Places of at most `most` of the rising sizes: all of them, or some that are evenly spread in their logarithm. */
export function spreadSizes(sizes: readonly number[], most: number): number[] {
  const last = sizes.length - 1;
  if (sizes.length <= most) return [...sizes.keys()];
  const places = new Set<number>();
  const [low, high] = [Math.log(sizes[0]!), Math.log(sizes[last]!)];
  for (let i = 0; i < most; i++) {
    const wanted = Math.exp(low + ((high - low) * i) / (most - 1)) * (1 - 1e-12);
    const at = sizes.findIndex((size) => size >= wanted);
    places.add(at < 0 ? last : at);
  }
  return [...places].sort((a, b) => a - b);
}

/**
 * A point of the curve, by metrics in loss form.
 *
 * @param circuit of the circuit. @param complement of the model without it. @param model of the whole model.
 * @param empty of the empty circuit.
 */
export function curvePoint(
  edges: number,
  circuit: number,
  complement: number,
  { model, empty }: { readonly model: number; readonly empty: number },
): CurvePoint {
  const without = faithfulness(complement, model, empty);
  return {
    edges,
    faithfulness: faithfulness(circuit, model, empty),
    necessity: without === null ? null : 1 - without,
  };
}

/** The model without a circuit: every addition edge that the circuit does not have, and every direct edge. */
export function complementOf(circuit: EdgeSet): EdgeSet {
  const { topology } = circuit;
  return EdgeSet.where(topology, (id) => id >= topology.additionEdges || !circuit.has(id));
}

/**
 * How faithful and how needed the strongest edges of a circuit are. Circuits go by rising size, then what is left of
 * the model by falling size: each differs little from the one before, so that each evaluation computes little.
 *
 * Cost: two evaluations per point.
 *
 * @param ends metrics of the whole model and of the empty circuit, in loss form.
 * @param onProgress is told how many evaluations are done.
 */
export async function circuitCurve(
  evaluator: CircuitEvaluator,
  circuit: RankedCircuit,
  ends: { readonly model: number; readonly empty: number },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<CurvePoint[]> {
  const circuits = curveCircuits(circuit);
  const asked = [...circuits.map(({ kept }) => kept), ...circuits.map(({ kept }) => complementOf(kept))];
  const metrics: number[] = [];
  while (metrics.length < asked.length) {
    const batch = asked.slice(metrics.length, metrics.length + evaluator.most);
    for (const values of await evaluator.perPrompt(batch)) metrics.push(mean(values));
    onProgress(metrics.length, asked.length);
  }
  return circuits.map(({ edges }, i) => curvePoint(edges, metrics[i]!, metrics[circuits.length + i]!, ends));
}
