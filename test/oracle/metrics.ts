/** The metrics in loss form (lower is better), in float64, for one prompt's logits at its metric position. */
import { kl, logSoftmax } from './ops.js';

export type MetricName = 'kl' | 'logit-diff' | 'prob-diff' | 'nll';

export interface MetricInput {
  /** Logits of the circuit, [vocab]. */
  readonly logits: ArrayLike<number>;
  /** Logits of the untouched model on the clean prompt, [vocab]. */
  readonly clean: ArrayLike<number>;
  readonly correct: readonly number[];
  readonly wrong: readonly number[];
}

export function metricValue(name: MetricName, input: MetricInput): number {
  const logP = logSoftmax(input.logits);
  const probability = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + Math.exp(logP[id]!), 0);
  const meanLogit = (ids: readonly number[]): number =>
    ids.reduce((sum, id) => sum + input.logits[id]!, 0) / ids.length;
  switch (name) {
    case 'kl':
      return kl(logSoftmax(input.clean), logP);
    case 'logit-diff':
      return meanLogit(input.wrong) - meanLogit(input.correct);
    case 'prob-diff':
      return probability(input.wrong) - probability(input.correct);
    case 'nll':
      return -Math.log(probability(input.correct));
  }
}

/** Whether the argmax over the vocabulary (the first of equals) is a correct answer. */
export function isAccurate(logits: ArrayLike<number>, correct: readonly number[]): boolean {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return correct.includes(best);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
