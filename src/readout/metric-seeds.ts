/**
 * The gradient of a metric at the logits of one prompt, as a sum of terms; absent terms are 0. q: probabilities of the
 * run; p: probabilities of the clean run; C, W: correct and wrong answers, q(C) their summed probability.
 */
export interface Seed {
  /** Coefficient of q_v, at every token v. */
  readonly q?: number;
  /** Coefficient of p_v, at every token v. */
  readonly p?: number;
  /** Coefficient of q_v (q(W) - q(C)), at every token v. */
  readonly advantage?: number;
  /** At each correct answer v: coefficients of 1 / |C|, of q_v, and of q_v / q(C). */
  readonly correct?: { readonly mean?: number; readonly q?: number; readonly share?: number };
  /** At each wrong answer v: coefficients of 1 / |W| and of q_v. */
  readonly wrong?: { readonly mean?: number; readonly q?: number };
}

/** Whether the gradient depends on probabilities, so on the logits of all tokens. That of mean logits is a constant. */
export function readsProbabilities({ q, p, advantage, correct, wrong }: Seed): boolean {
  return [q, p, advantage, correct?.q, correct?.share, wrong?.q].some((coefficient) => (coefficient ?? 0) !== 0);
}

/** Whether the gradient depends on the probabilities of the clean run, which the pass then keeps. */
export function readsReference({ p = 0 }: Seed): boolean {
  return p !== 0;
}

/** The overrides of kernels/metric_seeds.wgsl. */
export function seedOverrides({ q = 0, p = 0, advantage = 0, correct, wrong }: Seed) {
  return {
    Q: q,
    P: p,
    ADVANTAGE: advantage,
    CORRECT_MEAN: correct?.mean ?? 0,
    CORRECT_Q: correct?.q ?? 0,
    CORRECT_SHARE: correct?.share ?? 0,
    WRONG_MEAN: wrong?.mean ?? 0,
    WRONG_Q: wrong?.q ?? 0,
  };
}
