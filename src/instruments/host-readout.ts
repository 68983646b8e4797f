import type { Answers } from '../readout/answers.js';
import type { Readout } from '../readout/part.js';

/**
 * What metrics read, from log-probabilities [V] that the host holds. Sums are in float64.
 *
 * @param reference log-probabilities of the clean run [V], which the KL divergence compares with.
 */
export function hostReadout(logProbs: Float32Array, reference: Float32Array, { correct, wrong }: Answers): Readout {
  let best = 0;
  let kl = 0;
  for (let id = 0; id < logProbs.length; id++) {
    if (logProbs[id]! > logProbs[best]!) best = id;
    const clean = reference[id]!;
    kl += Math.exp(clean) * (clean - logProbs[id]!);
  }
  // Log-probabilities are logits less one number for all, which a difference does not see.
  const meanOf = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + logProbs[id]!, 0) / ids.length;
  return {
    kl,
    logitDifference: meanOf(correct) - meanOf(wrong),
    correctLogProb: Math.log(probabilityOf(logProbs, correct)),
    wrongLogProb: Math.log(probabilityOf(logProbs, wrong)),
    best,
  };
}

/** Summed probability of some tokens. */
export function probabilityOf(logProbs: Float32Array, ids: readonly number[]): number {
  return ids.reduce((sum, id) => sum + Math.exp(logProbs[id]!), 0);
}
