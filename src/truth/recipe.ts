import type { Rng } from '../base/rng.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Blueprint, Sizes } from './blueprint.js';

/** How a model whose circuit is known is made, and its task. */
export interface Recipe {
  readonly name: string;
  /** What the circuit does, in words. */
  readonly about: string;
  readonly sizes: Sizes;
  /** The metric that the task is meant for. */
  readonly metric: Extract<MetricName, 'logit-diff' | 'prob-diff'>;
  /**
   * Names of the edges that carry the behaviour under resample ablation: what they carry differs between the clean and
   * the corrupted prompt, and the answer depends on it.
   */
  readonly edges: readonly string[];
  /**
   * Paths of which any one suffices: cutting edges of one of them changes next to nothing, cutting all of them does.
   * Their edges are among `edges`.
   */
  readonly alternatives: readonly (readonly string[])[];
  readonly plant: (blueprint: Blueprint) => void;
  /** Draws a prompt pair, measured at its last token. */
  readonly pair: (rng: Rng) => Pick<PromptPair, 'clean' | 'corrupted' | 'correct' | 'wrong'>;
}

/** Ids `first .. first + count - 1`. */
export function idsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
