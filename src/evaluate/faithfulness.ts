/** Below this, the whole model and the empty circuit are too close for a ratio to mean anything. */
const SMALLEST_DENOMINATOR = 1e-6;

/**
 * Normalised faithfulness f(C) = (m(C) - m(empty)) / (m(model) - m(empty)): 1 for the whole model, 0 for the empty
 * circuit. It may exceed either, and is never clamped. All three metrics are in loss form.
 *
 * Source: MIB, Mueller et al. 2025 (arXiv:2504.13151).
 *
 * @returns null where the denominator is below 1e-6 or a metric is not finite.
 */
export function faithfulness(circuit: number, model: number, empty: number): number | null {
  const denominator = model - empty;
  if (!(Math.abs(denominator) >= SMALLEST_DENOMINATOR) || !Number.isFinite(circuit)) return null;
  return (circuit - empty) / denominator + 0; // never -0
}
