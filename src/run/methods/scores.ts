import { refuseUnused } from '../../attribute/methods.js';
import type { Scores } from '../../circuit/scores.js';
import type { LoadedModel } from '../../model/load-model.js';
import type { Task } from '../../task/types.js';
import type { RunAids } from '../aids.js';
import type { Engine } from '../engine.js';
import {
  DEFAULTS,
  evaluationOptions,
  LIBRARY_NAMES,
  type Asked,
  type AttributeOptions,
  type OptionName,
  type OptionNaming,
} from '../options.js';
import { scoringIdentity } from '../scoring.js';
import {
  checkScoring,
  SCORING_METHODS,
  type ScoringMethod,
  type ScoringOption,
  type ScoringOptions,
} from '../scoring-methods.js';
import { exactScores } from './exact.js';

/** A scoring that is settled and checked, before a device is needed. */
export interface ScoringPlan {
  readonly options: ScoringOptions;
  /** What the scores have in their provenance. */
  readonly identity: ReturnType<typeof scoringIdentity>;
  /**
   * @param asked what else the run was asked for, where the scores are a part of it.
   * @throws EdgewiseError of kind device, checkpoint, or usage where a journal is of another run.
   */
  run(engine: Engine, aids: RunAids, asked?: Readonly<Record<string, unknown>>): Promise<Scores>;
}

/**
 * Settles the options of a scoring and checks them.
 *
 * @throws EdgewiseError: usage where options do not fit one another, task where prompts do not fit the model.
 */
export function planScoring(
  model: LoadedModel,
  task: Task,
  asked: AttributeOptions<ScoringMethod>,
  part = 'scoring edges',
): ScoringPlan {
  const { method = DEFAULTS.scoring } = asked;
  const options = { ...asked, ...evaluationOptions(asked, DEFAULTS.scoringMetric), method };
  checkScoring(model, task, options);
  const identity = scoringIdentity(model, task, options);
  return {
    options,
    identity,
    run: (engine, aids, further = {}) =>
      method === 'exact'
        ? exactScores(engine, task, options, { ...identity, ...further }, aids)
        : engine.attribute(task, { ...options, method }, (progress) =>
            aids.progress?.({ part, unit: 'passes', measured: progress.done, ...progress }),
          ),
  };
}

/**
 * Refuses options of another scoring method.
 *
 * @throws EdgewiseError of kind usage that names the option.
 */
export function refuseUnusedOfScoring(
  { method = DEFAULTS.scoring, ...options }: Asked<ScoringMethod>,
  nameOf: OptionNaming = LIBRARY_NAMES,
): void {
  refuseUnused<OptionName>(SCORING_METHODS[method], options, nameOf);
}

/** Options of a scoring whose scores a circuit is chosen from. A circuit is made of edges, by scores of all prompts. */
export function ofEdges(
  takes: readonly ScoringOption[],
): readonly Exclude<ScoringOption, 'granularity' | 'perPrompt'>[] {
  return takes.filter((option) => option !== 'granularity' && option !== 'perPrompt');
}

/** Those of the options that were given. */
export function given(options: AttributeOptions, names: readonly ScoringOption[]): AttributeOptions<ScoringMethod> {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => value !== undefined && (names as readonly string[]).includes(name),
    ),
  );
}
