import type { WorkProgress } from '../base/work-progress.js';
import { EdgewiseError } from '../base/errors.js';
import type { Ablation, InputKind, StepRule } from '../circuit/run-identity.js';
import { METRICS, SEED_METRICS, type MetricName, type SeedMetric } from '../readout/metrics.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { cleanPoints } from './interpolation.js';
import {
  ATTRIBUTION_METHODS,
  refuseGranularity,
  refuseUnused,
  type AttributionMethod,
  type GradientOptions,
} from './methods.js';

export interface AttributionOptions extends GradientOptions {
  readonly method: AttributionMethod;
  readonly metric: MetricName;
  readonly ablation: Ablation;
  readonly input: InputKind;
  /** Prompts that mean ablation averages over. Default: the clean prompts. */
  readonly meanSource?: MeanSource;
  /** Most bytes beside the weights. Default DEFAULT_BUDGET. */
  readonly budget?: number;
  readonly onProgress?: (progress: AttributionProgress) => void;
  /**
   * Runs between the ablated and the clean one that go through the device side by side at most, where there is memory
   * for them. Scores do not depend on it. Default: what suits the adapter.
   */
  readonly runs?: number;
  /** Also keep the scores of every edge on each prompt. Default false. */
  readonly perPrompt?: boolean;
}

/** Passes over micro-batches of prompts: done, and in total. */
export interface AttributionProgress {
  readonly done: number;
  readonly total: number;
  /** Where passes take differently long. */
  readonly work?: WorkProgress;
}

/** Options with every default filled in. They are known to fit one another. */
export type SettledOptions = Required<
  Omit<AttributionOptions, 'meanSource' | 'budget' | 'runs' | 'onProgress' | 'metric' | 'perPrompt'>
> & {
  /** Unused by `information-flow`. */
  readonly metric: SeedMetric;
};

export const DEFAULT_STEPS = 5;
export const DEFAULT_STEP_RULE: StepRule = 'right';

/**
 * Fills in defaults, and checks that the options fit the method and one another.
 *
 * @param layers of the model.
 * @throws EdgewiseError of kind usage that names the option or the method.
 */
export function settleOptions(options: AttributionOptions, layers: number): SettledOptions {
  const { method, metric, ablation, input } = options;
  const { steps, stepRule, scope, backward, freezePatterns, gradDrop, granularity } = options;
  const definition = ATTRIBUTION_METHODS[method];
  refuseUnused(definition, { steps, stepRule, scope, backward, freezePatterns, gradDrop, granularity });
  refuseGranularity(definition, granularity);
  const settled = {
    method,
    ablation,
    input,
    metric: metric as SeedMetric,
    steps: steps ?? DEFAULT_STEPS,
    stepRule: stepRule ?? DEFAULT_STEP_RULE,
    scope: scope ?? 'group',
    backward: backward ?? 'plain',
    freezePatterns: freezePatterns ?? false,
    gradDrop: gradDrop ?? false,
    granularity: granularity ?? 'edge',
  } as const;
  const { needs } = definition;
  const refuse = (what: string): never => {
    throw new EdgewiseError('usage', method, what);
  };
  if (!(Number.isInteger(settled.steps) && settled.steps > 0)) {
    refuse(`steps must be a whole number above 0, got ${settled.steps}`);
  }
  if (needs.metric === 'gradient' && METRICS[metric].seed === null) {
    refuse(`${metric} has no gradient; use ${SEED_METRICS.join(', ')}`);
  }
  if (needs.ablation === 'resample' && ablation !== 'resample') {
    refuse(`needs a corrupted prompt to go to, so resample ablation, got ${ablation}; eap-ig-activations takes any`);
  }
  if (
    needs.metric === 'gradient' &&
    metric === 'kl' &&
    (method === 'clean-corrupted' || cleanPoints(settled) === 'only')
  ) {
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
