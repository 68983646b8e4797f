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
 * The circuits of a curve, one for each of curveSizes: the strongest kept edges by |effect|, equal ones by id. Direct
 * edges that were not decided on stay.
 */
export function curveCircuits(circuit: Circuit): { readonly edges: number; readonly kept: EdgeSet }[] {
  const { topology, kept, effects } = circuit;
  const candidates = candidateEdges(circuit);
  // An effect that is not finite says that the metric broke down without the edge.
  const strength = (id: number): number => (Number.isFinite(effects[id]!) ? Math.abs(effects[id]!) : Infinity);
  const ranked = [...kept].filter((id) => id < candidates);
  ranked.sort((a, b) => (strength(a) === strength(b) ? a - b : strength(b) - strength(a)));
  return curveSizes(keptEdges(circuit)).map((edges) => {
    const strongest = new Set(ranked.slice(0, edges));
    return { edges, kept: EdgeSet.where(topology, (id) => strongest.has(id) || (id >= candidates && kept.has(id))) };
  });
}

/**
 * How faithful the strongest edges of a circuit are without the others. Cost: one evaluation per size.
 *
 * @param model metric of the whole model, in loss form.
 * @param empty metric of the empty circuit, in loss form.
 * @param onPoint is called after each size.
 */
export async function faithfulnessCurve(
  evaluator: CircuitEvaluator,
  circuit: Circuit,
  { model, empty }: { readonly model: number; readonly empty: number },
  onPoint: () => void = () => {},
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const { edges, kept } of curveCircuits(circuit)) {
    const [values] = await evaluator.perPrompt([kept]);
    points.push({ edges, faithfulness: faithfulness(mean(values!), model, empty) });
    onPoint();
  }
  return points;
}
