import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import type { AttributionSettings, Granularity, RunIdentity, StepRule } from '../circuit/run-identity.js';
import { createScores, type Scores } from '../circuit/scores.js';
import type { Topology } from '../circuit/topology.js';
import type { ExactEffects } from '../discover/exact.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Attribution } from '../attribute/attribution.js';
import {
  ATTRIBUTION_METHODS,
  DEFAULT_STEPS,
  settleOptions,
  type AttributionMethod,
  type BackwardMode,
  type Scope,
} from '../attribute/options.js';
import { checkRun, taskIdentity, type EvaluationOptions } from './identity.js';
import { SIGN_CONVENTION } from './search.js';
import type { Task } from '../task/types.js';
import { VERSION } from '../version.js';

/** Ways to score every edge: by cutting each one alone, or by estimates of what that would do. */
export const SCORING_METHODS = ['exact', ...ATTRIBUTION_METHODS] as const;
export type ScoringMethod = 'exact' | AttributionMethod;

/** What a scoring is asked; see ATTRIBUTION_METHODS and AttributionOptions for what is of which method. */
export interface ScoringOptions extends EvaluationOptions {
  readonly method: ScoringMethod;
  /** `exact` only: also score each head's direct edges. Default false. */
  readonly directEdges?: boolean;
  /** `exact` only: circuits evaluated in one submission at most. */
  readonly batch?: number;
  readonly steps?: number;
  readonly rule?: StepRule;
  readonly scope?: Scope;
  readonly backward?: BackwardMode;
  readonly freezePatterns?: boolean;
  readonly gradDrop?: boolean;
  readonly granularity?: Granularity;
}

/** More numbers than this are not kept per prompt: a text of them could not be read back. */
const MOST_PER_PROMPT = 1e7;

/**
 * Finds mistakes in what a scoring is asked before a device is needed: what checkRun finds, and options that do not go together.
 *
 * @throws EdgewiseError of kind task or usage.
 */
export function checkScoring(model: LoadedModel, task: Task, options: ScoringOptions): void {
  const { method } = options;
  if (method === 'exact') {
    if ((options.granularity ?? 'edge') !== 'edge') {
      throw new EdgewiseError('usage', method, `scores edges only, got granularity ${options.granularity}`);
    }
  } else {
    if (options.directEdges) throw new EdgewiseError('usage', method, 'scores no direct edges; exact does');
    settleOptions({ ...options, method }, model.spec.layers);
  }
  checkRun(model, task, method === 'information-flow' ? { ...options, metric: 'kl' } : options);
}

/** What identifies a scoring, whatever machine it runs on. */
export function scoringIdentity(
  model: LoadedModel,
  task: Task,
  options: ScoringOptions,
): Omit<RunIdentity, 'threshold' | 'absolute' | 'senderHeads'> & AttributionSettings {
  const { method, directEdges = false } = options;
  const identity = taskIdentity(model, task, options);
  const gradients = method !== 'exact' && method !== 'information-flow';
  const stepped = method === 'eap-ig-inputs' || method === 'eap-ig-activations';
  return {
    method,
    ...identity,
    // Information flow looks at the clean run alone.
    metric: method === 'information-flow' ? 'none' : identity.metric,
    directEdges: method === 'exact' && directEdges,
    seed: null,
    steps: stepped ? (options.steps ?? DEFAULT_STEPS) : null,
    stepRule: stepped ? (options.rule ?? 'right') : null,
    backwardRule: gradients ? backwardRule(options) : null,
    granularity: options.granularity ?? 'edge',
    normalisation: normalisation(options),
  };
}

function backwardRule({ backward = 'plain', freezePatterns = false, gradDrop = false }: ScoringOptions): string {
  return backward + (freezePatterns ? ', frozen patterns' : '') + (gradDrop ? ', gradient dropped per layer' : '');
}

function normalisation({ method, scope = 'group' }: ScoringOptions): string {
  if (method === 'exact') return 'mean over prompts';
  const sum = 'sum over prompts divided by their number';
  if (method === 'information-flow') return `${sum}; mean over positions`;
  return method === 'eap-ig-activations' && scope === 'all'
    ? `${sum}; every edge averaged over the runs of all groups`
    : sum;
}

/** What produced the scores. */
export interface ScoringSetting {
  readonly model: LoadedModel;
  readonly task: Task;
  readonly topology: Topology;
  readonly options: ScoringOptions;
  readonly adapter: string;
  readonly tile: string;
}

/** Scores of gradients and information flow. */
export function scoresOfAttribution(setting: ScoringSetting, { granularity, scores, edges }: Attribution): Scores {
  const { topology } = setting;
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  values.set(edges);
  const neurons = granularity === 'neuron' ? scores : null;
  const nodes = neurons ? sumsOfRows(neurons, topology.writers.length) : granularity === 'node' ? scores : null;
  return createScores({ ...common(setting), values, nodes, neurons, perPrompt: null });
}

/** A node's score is the sum of its neurons'. */
function sumsOfRows(neurons: Float64Array, rows: number): Float64Array {
  const width = neurons.length / rows;
  return Float64Array.from({ length: rows }, (_, row) =>
    neurons.subarray(row * width, (row + 1) * width).reduce((sum, score) => sum + score, 0),
  );
}

/** Scores of edges cut alone, with those of each prompt where they are not too many. */
export function scoresOfEffects(setting: ScoringSetting, { effects }: ExactEffects): Scores {
  const { topology, task } = setting;
  const prompts = task.pairs.length;
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  const keep = topology.edgeCount * prompts <= MOST_PER_PROMPT;
  const perPrompt = keep ? task.pairs.map(() => new Float64Array(topology.edgeCount).fill(Number.NaN)) : null;
  for (const [edge, effect] of effects) {
    values[edge] = mean(effect);
    perPrompt?.forEach((array, n) => (array[edge] = effect[n]!));
  }
  return createScores({ ...common(setting), values, nodes: null, neurons: null, perPrompt });
}

function common({ model, task, topology, options, adapter, tile }: ScoringSetting) {
  return {
    topology,
    width: model.spec.width,
    positive: 'helps',
    provenance: {
      ...scoringIdentity(model, task, options),
      engineVersion: VERSION,
      signConvention: signConvention(options),
      adapter,
      tile,
    },
  } as const;
}

/** What a positive score means, in words. Scores without a sign count as helpful: the larger, the more an edge matters. */
function signConvention({ method, gradDrop }: ScoringOptions): string {
  if (method === 'exact') return SIGN_CONVENTION;
  if (method === 'information-flow') return 'score = share of the writer in what the port reads, from 0 to 1: no sign';
  if (gradDrop) return 'score = mean size of estimated changes of the metric, each without one layer: no sign';
  return 'score = estimated metric without the edge - metric with it, metric in loss form: positive = the edge helps';
}
