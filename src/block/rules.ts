/**
 * How a gradient goes back through what is not linear. `plain` is the derivative; the others change it where the
 * derivative at one point says little about a whole change.
 */
export interface BackwardRules {
  /** Norms are linear maps with the scale 1 / sqrt(variance + epsilon) of the run. */
  readonly frozenNorms: boolean;
  /** Activations are x * gate with the run's gate = activation(x) / x. */
  readonly identityRule: boolean;
  /** Which share of a gradient at the product of a gated MLP goes to each of its two factors. */
  readonly gateShare: number;
  /** The softmax's derivative is taken at the same scores divided by this. */
  readonly softmaxTemperature: number;
  /** Factors on the gradients at queries, keys and values; 0 for queries and keys makes patterns constants. */
  readonly factors: { readonly q: number; readonly k: number; readonly v: number };
}

/** The derivative of the model. */
export const PLAIN_RULES: BackwardRules = {
  frozenNorms: false,
  identityRule: false,
  gateShare: 1,
  softmaxTemperature: 1,
  factors: { q: 1, k: 1, v: 1 },
};

/**
 * Relevance patching: the LN rule (scales of all norms are constants), the identity rule, activation(x) = x * gate with
 * a constant gate, also of a gated MLP's gate, and the half rule: each factor of a gated MLP's product gets half of the
 * gradient. They keep what a component adds where the derivative loses it: at a flat part of the activation, and where
 * a norm divides by what is about to change. With `frozenPatterns` also the AH rule: attention patterns are constants,
 * and edges into queries and keys score 0.
 *
 * Source: RelP, Rezaei Jafari et al. 2025 (arXiv:2508.21258); the LN and AH rules are from Ali et al. 2022
 * (arXiv:2202.07304).
 */
export function relpRules(frozenPatterns: boolean): BackwardRules {
  const factors = frozenPatterns ? { q: 0, k: 0, v: 1 } : PLAIN_RULES.factors;
  return { ...PLAIN_RULES, frozenNorms: true, identityRule: true, gateShare: 1 / 2, factors };
}

/**
 * Gradient interaction modifications: norm scales are constants; the softmax's Jacobian diag(p) - p p^T is taken at p
 * = softmax(scores / 2), so that a saturated pattern still passes a gradient; and the gradients at queries, keys and
 * values are divided by 4, 4 and 2, since the product q k v shares one change among its factors, and q k among two.
 *
 * Source: GIM, Edin et al. 2025 (arXiv:2505.17630).
 */
export const GIM_RULES: BackwardRules = {
  ...PLAIN_RULES,
  frozenNorms: true,
  softmaxTemperature: 2,
  factors: { q: 1 / 4, k: 1 / 4, v: 1 / 2 },
};
