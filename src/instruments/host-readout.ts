import type { Answers } from '../readout/answers.js';
import type { Readout } from '../readout/part.js';

/**
 * What metrics read, from log-probabilities [V] that the host holds, each number when it is asked for. Sums are in
 * float64.
 *
 * @param reference log-probabilities of the clean run [V], which the KL divergence compares with.
 */
export function hostReadout(logProbs: Float32Array, reference: Float32Array, { correct, wrong }: Answers): Readout {
  // Log-probabilities are logits less one number for all, which a difference does not see.
  const meanOf = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + logProbs[id]!, 0) / ids.length;
  return {
    get kl() {
      return reference.reduce((sum, clean, id) => sum + Math.exp(clean) * (clean - logProbs[id]!), 0);
    },
    get logitDifference() {
      return meanOf(correct) - meanOf(wrong);
    },
    get correctLogProb() {
      return Math.log(probabilityOf(logProbs, correct));
    },
    get wrongLogProb() {
      return Math.log(probabilityOf(logProbs, wrong));
    },
    get best() {
      return likeliest(logProbs);
    },
  };
}

/** Summed probability of some tokens. */
export function probabilityOf(logProbs: Float32Array, ids: readonly number[]): number {
  return ids.reduce((sum, id) => sum + Math.exp(logProbs[id]!), 0);
}

/** The token with the largest logit or log-probability, of equal ones the lowest. */
export function likeliest(logits: Float32Array): number {
  return logits.reduce((best, logit, id) => (logit > logits[best]! ? id : best), 0);
}
