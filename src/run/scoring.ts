import type { Attribution } from '../attribute/attribution.js';
import { DEFAULT_STEPS, DEFAULT_STEP_RULE } from '../attribute/options.js';
import { mean } from '../base/mean.js';
import type { AttributionSettings, RunIdentity } from '../circuit/run-identity.js';
import { createScores, type Scores } from '../circuit/scores.js';
import { roomForPromptScores, type PromptScores } from '../circuit/prompt-scores.js';
import type { Topology } from '../circuit/topology.js';
import type { ExactEffects } from '../discover/exact.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Task } from '../task/types.js';
import { VERSION } from '../version.js';
import { taskIdentity } from './identity.js';
import { SCORING_METHODS, type ScoringOptions } from './scoring-methods.js';

/** Scores per prompt are kept up to this many numbers. A larger text could not be read back. */
const MOST_PER_PROMPT = 1e7;

/** What identifies a scoring, whatever machine it runs on. */
export function scoringIdentity(
  model: LoadedModel,
  task: Task,
  options: ScoringOptions,
): Omit<RunIdentity, 'threshold' | 'absolute' | 'senderHeads'> & AttributionSettings {
  const { method, directEdges = false, scope } = options;
  const { takes, needs, normalisation } = SCORING_METHODS[method];
  const identity = taskIdentity(model, task, options);
  const stepped = takes.includes('steps');
  return {
    method,
    ...identity,
    metric: needs.metric === 'none' ? 'none' : identity.metric,
    directEdges: takes.includes('directEdges') && directEdges,
    seed: null,
    steps: stepped ? (options.steps ?? DEFAULT_STEPS) : null,
    stepRule: stepped ? (options.stepRule ?? DEFAULT_STEP_RULE) : null,
    backwardRule: takes.includes('backward') ? backwardRule(options) : null,
    granularity: options.granularity ?? 'edge',
    normalisation:
      scope === 'all' ? `${normalisation}; every edge averaged over the runs of all groups` : normalisation,
  };
}

function backwardRule({ backward = 'plain', freezePatterns = false, gradDrop = false }: ScoringOptions): string {
  return backward + (freezePatterns ? ', frozen patterns' : '') + (gradDrop ? ', gradient dropped per layer' : '');
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

/** Scores that were estimated. */
export function scoresOfAttribution(
  setting: ScoringSetting,
  { granularity, scores, edges, perPrompt }: Attribution,
): Scores {
  const { topology } = setting;
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  values.set(edges);
  const neurons = granularity === 'neuron' ? scores : null;
  const nodes = neurons ? sumsOfRows(neurons, topology.writers.length) : granularity === 'node' ? scores : null;
  return createScores({
    ...common(setting),
    values,
    nodes,
    neurons,
    perPrompt: null,
    ...(perPrompt && { byPrompt: perPrompt }),
  });
}

/** A node's score is the sum of its neurons'. */
function sumsOfRows(neurons: Float64Array, rows: number): Float64Array {
  const width = neurons.length / rows;
  return Float64Array.from({ length: rows }, (_, row) =>
    neurons.subarray(row * width, (row + 1) * width).reduce((sum, score) => sum + score, 0),
  );
}

/**
 * Scores of edges that were cut alone, and of each prompt where these are not too many.
 *
 * @param budget most bytes of scores per prompt, where they are asked for.
 */
export function scoresOfEffects(setting: ScoringSetting, { effects }: ExactEffects, budget: number): Scores {
  const { topology, task } = setting;
  const prompts = task.pairs.length;
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  const keep = topology.edgeCount * prompts <= MOST_PER_PROMPT;
  const perPrompt = keep ? task.pairs.map(() => new Float64Array(topology.edgeCount).fill(Number.NaN)) : null;
  for (const [edge, effect] of effects) {
    values[edge] = mean(effect);
    perPrompt?.forEach((array, n) => (array[edge] = effect[n]!));
  }
  return createScores({
    ...common(setting),
    values,
    nodes: null,
    neurons: null,
    perPrompt,
    ...(setting.options.perPrompt && { byPrompt: promptScoresOf(topology, prompts, effects, budget) }),
  });
}

function promptScoresOf(
  { additionEdges: edges }: Topology,
  prompts: number,
  effects: ExactEffects['effects'],
  budget: number,
): PromptScores {
  const values = roomForPromptScores(prompts, edges, budget).fill(Number.NaN);
  for (const [edge, effect] of effects) {
    if (edge < edges) effect.forEach((value, prompt) => (values[prompt * edges + edge] = value));
  }
  return { prompts, edges, values };
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

/**
 * What a positive score means, in words. Of scores without a sign a larger one matters more, so they count as helpful.
 */
function signConvention({ method, gradDrop }: ScoringOptions): string {
  if (gradDrop) return 'score = mean size of estimated changes of the metric, each without one layer: no sign';
  return SCORING_METHODS[method].sign;
}
