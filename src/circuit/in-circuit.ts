import type { MeasuredWith } from './run-identity.js';

/**
 * What the edges of a circuit are worth inside of it. Effects at the moment of decision say something else: there
 * nearly the whole model still stands in for the edge.
 */
export interface InCircuit {
  /**
   * [edgeCount], by edge id, loss form: metric of the circuit without the edge minus metric of the circuit. NaN for
   * edges that the circuit does not keep, and for direct edges.
   */
  readonly effects: Float64Array;
  /** Kept addition edges that carry nothing, by rising id: cutting one changes the metric of no prompt. */
  readonly idle: readonly number[];
  /** By rising number of edges. */
  readonly curve: readonly CurvePoint[];
  /** What all of it was measured with, where that is not what the circuit was found with. */
  readonly measuredWith?: MeasuredWith;
}

/** How good the strongest edges of a circuit are without the others. */
export interface CurvePoint {
  /** Addition edges that are left once what lies on no path from `input` to `logits` is taken away. */
  readonly edges: number;
  /** f(C) = (m(C) - m(empty)) / (m(model) - m(empty)); null where the difference below is too small. */
  readonly faithfulness: number | null;
  /** 1 - f(model without C): 1 where nothing is left of the behaviour without the circuit. */
  readonly necessity: number | null;
}
