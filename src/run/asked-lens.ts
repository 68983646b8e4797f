import type { Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { TokenText } from '../inspect/circuit-details.js';
import { evaluationAsFound, provenanceOf } from './as-found.js';
import type { LensOptions } from './lens.js';
import type { AskedEvaluation } from './options.js';

/** Options of `lens`, and a circuit beside the model. How it is evaluated is as it was found, unless given. */
export interface AskedLens extends AskedEvaluation, Omit<LensOptions, 'circuit' | 'tokenText'> {
  readonly circuit?: Circuit | EdgeSet;
}

/** What is asked, with all that is as the circuit was found. */
export function settleLens(asked: AskedLens, tokenText: TokenText | undefined): LensOptions {
  const { circuit, metric, ablation, input, meanOver, ...options } = asked;
  const evaluation = {
    ...(metric && { metric }),
    ...(ablation && { ablation }),
    ...(input && { input }),
    ...(meanOver !== undefined && { meanOver }),
  };
  const measured = circuit && {
    kept: circuit instanceof EdgeSet ? circuit : circuit.kept,
    options: evaluationAsFound(evaluation, provenanceOf(circuit)),
  };
  return { ...options, ...(measured && { circuit: measured }), ...(tokenText && { tokenText }) };
}
