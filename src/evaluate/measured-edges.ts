import { mean } from '../base/mean.js';
import { createCircuit, type Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { CircuitEvaluator } from '../circuit/evaluator.js';
import type { Ablation } from '../circuit/run-identity.js';
import { circuitCurve } from './curve.js';
import { edgesInCircuit } from './edges-in-circuit.js';

/** A circuit with what its edges are worth in it. */
export interface MeasuredEdges {
  /** The circuit, with `inCircuit`. */
  readonly circuit: Circuit;
  /** Of kept addition edges, by name in the order of ids: the effect in the circuit on every prompt. */
  readonly inCircuit: Readonly<Record<string, readonly number[]>>;
  /** Metrics in loss form, means over the prompts. */
  readonly metrics: { readonly model: number; readonly circuit: number; readonly empty: number };
  /** Edges that were left out because they carry nothing, by name. */
  readonly dropped: readonly string[];
  /** What the effects and the curve took. */
  readonly effectSeconds: number;
  readonly curveSeconds: number;
}

/** Evaluations of a part: done, and in total. */
export interface MeasuringProgress {
  readonly part: 'measuring edges in the circuit' | 'measuring the curve';
  readonly done: number;
  readonly total: number;
}

/**
 * Measures what each kept edge is worth in a circuit, and how good its strongest edges are without the others.
 *
 * Cost: an evaluation per kept edge, and two per point of the curve.
 *
 * @param ablation what cut edges carry in the evaluator.
 * @param dropIdle leave out edges that carry nothing. The metric stays the same on every prompt.
 */
export async function measureEdges(
  evaluator: CircuitEvaluator,
  circuit: Circuit,
  { ablation, dropIdle }: { readonly ablation: Ablation; readonly dropIdle: boolean },
  onProgress: (progress: MeasuringProgress) => void = () => {},
): Promise<MeasuredEdges> {
  const { topology } = circuit;
  const start = performance.now();
  const { effects, idle, perPrompt } = await edgesInCircuit(evaluator, circuit, ablation, (done, total) =>
    onProgress({ part: 'measuring edges in the circuit', done, total }),
  );
  const measured = performance.now();
  const dropped = new Set(dropIdle ? idle : []);
  const kept = EdgeSet.where(topology, (id) => circuit.kept.has(id) && !dropped.has(id));
  const ends = [EdgeSet.full(topology), kept, EdgeSet.empty(topology)];
  const metrics: number[] = [];
  // An evaluator takes so many circuits at once.
  for (let first = 0; first < ends.length; first += evaluator.most) {
    const values = await evaluator.perPrompt(ends.slice(first, first + evaluator.most));
    metrics.push(...values.map(mean));
  }
  const [model, found, empty] = metrics;
  const ranked = { kept, directTested: circuit.directTested, effects };
  const curve = await circuitCurve(evaluator, ranked, { model: model!, empty: empty! }, (done, total) =>
    onProgress({ part: 'measuring the curve', done, total }),
  );
  const end = performance.now();
  const left = [...perPrompt].filter(([id]) => !dropped.has(id));
  return {
    circuit: createCircuit({
      ...circuit,
      kept,
      provenance: circuit.provenance && { ...circuit.provenance, ...(dropIdle && { dropIdle }) },
      inCircuit: {
        effects: effects.map((effect, id) => (dropped.has(id) ? Number.NaN : effect)),
        idle: idle.filter((id) => !dropped.has(id)),
        curve,
      },
    }),
    inCircuit: Object.fromEntries(left.map(([id, values]) => [topology.edgeName(id), values])),
    metrics: { model: model!, circuit: found!, empty: empty! },
    dropped: [...dropped].map((id) => topology.edgeName(id)),
    effectSeconds: (measured - start) / 1000,
    curveSeconds: (end - measured) / 1000,
  };
}
