import { EdgewiseError } from '../base/errors.js';
import type { Ablation, Granularity, InputKind, StepRule } from '../circuit/run-identity.js';
import { METRICS, SEED_METRICS, type MetricName, type SeedMetric } from '../readout/metrics.js';
import { cleanPoints } from './interpolation.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';

/**
 * Ways to estimate from gradients what cutting an edge would do to the metric. D[u] is what a cut edge from writer u
 * carries minus u's clean output, g[v] the metric's gradient at the input of port v, before its norm; sums go over tokens
 * and columns.
 *
 * - `eap`: D[u] g[v] with g at the clean run. Edge attribution patching, Syed et al. 2023 (arXiv:2310.10348).
 * - `eap-ig-inputs`: g averaged over runs on the way from the corrupted to the clean token embedding; resample ablation
 *   only. EAP-IG, Hanna et al. 2024 (arXiv:2403.17806).
 * - `eap-ig-activations`: g averaged over clean runs in which one group of writers (the input, the heads of a layer, an
 *   MLP) is on the way from its ablated to its clean output. After Marks et al. 2024 (arXiv:2403.19647). `scope` says
 *   which edges a run counts for.
 * - `clean-corrupted`: the mean of g at the clean and at the corrupted run; resample ablation only. Hanna et al. 2024.
 * - `information-flow`: no gradient: the share of a writer in the sum that a port reads, max(0, |x|_1 - |x - y_u|_1) over
 *   its sum over the port's writers, mean over positions. Information flow routes, Ferrando and Voita 2024
 *   (arXiv:2403.00824).
 */
export const ATTRIBUTION_METHODS = [
  'eap',
  'eap-ig-inputs',
  'eap-ig-activations',
  'clean-corrupted',
  'information-flow',
] as const;
export type AttributionMethod = (typeof ATTRIBUTION_METHODS)[number];

/** How gradients go backwards: see rules.ts for `relp` and `gim`, query-key-fix.ts for `atp-star`. */
export const BACKWARD_MODES = ['plain', 'relp', 'gim', 'atp-star'] as const;
export type BackwardMode = (typeof BACKWARD_MODES)[number];

/** Which edges the runs of one interpolated group count for in `eap-ig-activations`: those out of it, or all. */
export const SCOPES = ['group', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

export interface AttributionOptions {
  readonly method: AttributionMethod;
  readonly metric: MetricName;
  readonly ablation: Ablation;
  readonly input: InputKind;
  /** Points of an interpolation (K), default 5. */
  readonly steps?: number;
  /** Where they lie, default `right`. */
  readonly rule?: StepRule;
  /** Default `group`, the definition; `all` averages every edge over the runs of all groups. */
  readonly scope?: Scope;
  /** Default `plain`. */
  readonly backward?: BackwardMode;
  /** RelP's optional rule for attention heads: patterns are constants. Default false. */
  readonly freezePatterns?: boolean;
  /**
   * AtP*'s second part, GradDrop: one backward pass per layer, in which no gradient goes through that layer, and per
   * prompt the sum of the absolute scores over the passes, divided by their number without the port's own: direct and
   * indirect effects that cancel each other show. Scores then have no sign. Kramar et al. 2024 (arXiv:2403.00745).
   * Default false.
   */
  readonly gradDrop?: boolean;
  /** Default `edge`. */
  readonly granularity?: Granularity;
  /** Prompts that mean ablation averages over; default: the clean prompts. */
  readonly meanSource?: MeanSource;
  /** Most bytes beside the weights, default DEFAULT_BUDGET. */
  readonly budget?: number;
  readonly onProgress?: (progress: AttributionProgress) => void;
}

/** Passes over micro-batches of prompts, done and in all. */
export interface AttributionProgress {
  readonly done: number;
  readonly total: number;
}

/** Options with every default filled in, and known to go together. */
export type SettledOptions = Required<Omit<AttributionOptions, 'meanSource' | 'budget' | 'onProgress' | 'metric'>> & {
  /** Unused by `information-flow`. */
  readonly metric: SeedMetric;
};

export const DEFAULT_STEPS = 5;

/** @throws EdgewiseError of kind usage where options do not go together. */
export function settleOptions(options: AttributionOptions, layers: number): SettledOptions {
  const { method, metric, ablation, input } = options;
  const settled = {
    method,
    ablation,
    input,
    metric: metric as SeedMetric,
    steps: options.steps ?? DEFAULT_STEPS,
    rule: options.rule ?? 'right',
    scope: options.scope ?? 'group',
    backward: options.backward ?? 'plain',
    freezePatterns: options.freezePatterns ?? false,
    gradDrop: options.gradDrop ?? false,
    granularity: options.granularity ?? 'edge',
  } as const;
  const refuse = (what: string): never => {
    throw new EdgewiseError('usage', method, what);
  };
  if (!(Number.isInteger(settled.steps) && settled.steps > 0)) {
    refuse(`steps must be a whole number above 0, got ${settled.steps}`);
  }
  if (method === 'information-flow') {
    if (settled.granularity !== 'edge') refuse(`scores edges only, got granularity ${settled.granularity}`);
    if (settled.backward !== 'plain') refuse(`takes no gradient, so it has no backward rule ${settled.backward}`);
    return settled;
  }
  if (METRICS[metric].seed === null) refuse(`${metric} has no gradient; use ${SEED_METRICS.join(', ')}`);
  if (ablation !== 'resample' && (method === 'eap-ig-inputs' || method === 'clean-corrupted')) {
    refuse(`needs a corrupted prompt to go to, so resample ablation, got ${ablation}; eap-ig-activations takes any`);
  }
  if (settled.metric === 'kl' && (method === 'clean-corrupted' || cleanPoints(settled) === 'only')) {
    const way = 'eap-ig-inputs or eap-ig-activations with several steps, or another metric';
    refuse(`the KL divergence from the clean run has no gradient at the clean run, where it is smallest; use ${way}`);
  }
  if (settled.freezePatterns && settled.backward !== 'relp') refuse(`frozen patterns are an option of relp`);
  if (settled.gradDrop && settled.backward !== 'atp-star') refuse(`gradient dropout is an option of atp-star`);
  if (settled.gradDrop && layers < 2) refuse('gradient dropout needs at least two layers, this model has one');
  if (settled.backward === 'atp-star' && method !== 'eap') refuse(`atp-star corrects eap, not ${method}`);
  if (settled.backward === 'atp-star' && settled.granularity !== 'edge') {
    refuse(`atp-star corrects edges into queries and keys, got granularity ${settled.granularity}`);
  }
  return settled;
}
