import {
  ATTRIBUTION_METHODS,
  ATTRIBUTION_METHOD_NAMES,
  refuseGranularity,
  type AttributionMethod,
  type GradientOptions,
  type ScoringDefinition,
} from '../attribute/methods.js';
import { settleOptions } from '../attribute/options.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Task } from '../task/types.js';
import { checkRun } from './identity.js';
import type { EvaluationOptions } from './options.js';
import { SIGN_CONVENTION } from './found-circuit.js';

export type ScoringMethod = 'exact' | AttributionMethod;
/** Options of a scoring that not every method takes. `journal`: an interrupted run can go on. */
export type ScoringOption =
  | keyof GradientOptions
  | 'metric'
  | 'ablation'
  | 'meanOver'
  | 'input'
  | 'directEdges'
  | 'batch'
  | 'perPrompt'
  | 'journal';

type Definition = ScoringDefinition<ScoringMethod, ScoringOption>;

const EXACT: Definition = {
  name: 'exact',
  about: 'metric of the whole model without the edge, minus that of the whole model (activation patching)',
  source: 'activation patching of edges, as in EAP-IG (arXiv:2403.17806)',
  takes: ['metric', 'ablation', 'meanOver', 'input', 'directEdges', 'batch', 'granularity', 'perPrompt', 'journal'],
  granularities: ['edge'],
  needs: { metric: 'any', ablation: 'any' },
  normalisation: 'mean over prompts',
  sign: SIGN_CONVENTION,
};

function estimate(name: AttributionMethod): Definition {
  const definition = ATTRIBUTION_METHODS[name];
  return { ...definition, takes: [...evaluationTaken(definition), ...definition.takes] };
}

/** Ways to score every edge: to cut each one alone, or to estimate what that would do. */
export const SCORING_METHODS = Object.fromEntries(
  [EXACT, ...ATTRIBUTION_METHOD_NAMES.map(estimate)].map((definition) => [definition.name, definition]),
) as Readonly<Record<ScoringMethod, Definition>>;
export const SCORING_METHOD_NAMES = Object.keys(SCORING_METHODS) as readonly ScoringMethod[];

function evaluationTaken({ needs }: Pick<Definition, 'needs'>): ScoringOption[] {
  return [
    'input',
    'perPrompt',
    ...(needs.metric === 'none' ? [] : (['metric'] as const)),
    ...(needs.ablation === 'none' ? [] : (['ablation', 'meanOver'] as const)),
  ];
}

/** What a scoring is asked. SCORING_METHODS says which method takes what. */
export interface ScoringOptions extends EvaluationOptions, GradientOptions {
  readonly method: ScoringMethod;
  /** `exact`: also score each head's direct edges. Default false. */
  readonly directEdges?: boolean;
  /** `exact`: most circuits in one submission. */
  readonly batch?: number;
  /** Also keep the scores of every edge on each prompt. Default false. */
  readonly perPrompt?: boolean;
}

/**
 * Finds mistakes in what a scoring is asked, before a device is needed: what checkRun finds, and options that do not
 * fit one another.
 *
 * @throws EdgewiseError of kind task or usage.
 */
export function checkScoring(model: LoadedModel, task: Task, options: ScoringOptions): void {
  const { method } = options;
  const { needs } = SCORING_METHODS[method];
  if (method === 'exact') refuseGranularity(EXACT, options.granularity);
  else settleOptions({ ...options, method }, model.spec.layers);
  checkRun(model, task, needs.metric === 'none' ? { ...options, metric: 'kl' } : options);
}
