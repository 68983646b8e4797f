import { mean } from '../base/mean.js';
import { candidateEdges, keptEdges, type Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { CircuitEvaluator } from '../circuit/evaluator.js';
import { faithfulness } from './faithfulness.js';

/** Faithfulness of the `edges` strongest kept edges. */
export interface CurvePoint {
  readonly edges: number;
  readonly faithfulness: number | null;
}

/** 1, 2, 5, 10, 20, 50, ... below `kept`, and `kept` itself. */
export function curveSizes(kept: number): number[] {
  const sizes: number[] = [];
  for (let decade = 1; decade < kept; decade *= 10) sizes.push(decade, 2 * decade, 5 * decade);
  return [...sizes.filter((size) => size < kept), kept];
}

/**
 * How faithful the strongest edges of a circuit are by themselves: kept edges by |effect|, equal ones by id. Direct edges that
 * were not decided on stay. Cost: one evaluation per size.
 *
 * @param model metric of the whole model, @param empty metric of the empty circuit; both in loss form.
 */
export async function faithfulnessCurve(
  evaluator: CircuitEvaluator,
  circuit: Circuit,
  { model, empty }: { readonly model: number; readonly empty: number },
  onPoint: () => void = () => {},
): Promise<CurvePoint[]> {
  const { topology, kept, effects } = circuit;
  const candidates = candidateEdges(circuit);
  // An effect that is not finite says that the metric broke down without the edge.
  const strength = (id: number): number => (Number.isFinite(effects[id]!) ? Math.abs(effects[id]!) : Infinity);
  const ranked = [...kept].filter((id) => id < candidates);
  ranked.sort((a, b) => (strength(a) === strength(b) ? a - b : strength(b) - strength(a)));
  const points: CurvePoint[] = [];
  for (const size of curveSizes(keptEdges(circuit))) {
    const strongest = new Set(ranked.slice(0, size));
    const part = EdgeSet.where(topology, (id) => strongest.has(id) || (id >= candidates && kept.has(id)));
    const [values] = await evaluator.perPrompt([part]);
    points.push({ edges: size, faithfulness: faithfulness(mean(values!), model, empty) });
    onPoint();
  }
  return points;
}
