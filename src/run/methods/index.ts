import { refuseUnused } from '../../attribute/methods.js';
import type { LoadedModel } from '../../model/load-model.js';
import type { Task } from '../../task/types.js';
import {
  DEFAULTS,
  LIBRARY_NAMES,
  type Asked,
  type DiscoverOptions,
  type OptionName,
  type OptionNaming,
} from '../options.js';
import { SCORING_METHOD_NAMES, type ScoringMethod } from '../scoring-methods.js';
import { ACDC } from './acdc.js';
import type { MethodDefinition, MethodPlan } from './definition.js';
import { fromScores } from './from-scores.js';
import { SCREENED } from './screened.js';

export type MethodName = 'acdc' | 'screened' | ScoringMethod;

/** Every method of `discover`. A further one is a file beside this one and an entry here. */
export const METHODS: Readonly<Record<MethodName, MethodDefinition>> = {
  acdc: ACDC,
  screened: SCREENED,
  ...(Object.fromEntries(SCORING_METHOD_NAMES.map((name) => [name, fromScores(name)])) as Record<
    ScoringMethod,
    MethodDefinition
  >),
};
export const METHOD_NAMES = Object.keys(METHODS) as readonly MethodName[];

/** A discovery as a caller asks for it. */
export type AskedDiscovery = DiscoverOptions<MethodName>;

/**
 * Refuses options of another method.
 *
 * @throws EdgewiseError of kind usage that names the option.
 */
export function refuseUnusedOfMethod(
  { method = DEFAULTS.method, ...options }: Asked<MethodName>,
  nameOf: OptionNaming = LIBRARY_NAMES,
): void {
  refuseUnused<OptionName>(METHODS[method], options, nameOf);
}

/**
 * Settles the options of a discovery and checks them, before a device is needed.
 *
 * @throws EdgewiseError: usage where options do not fit the method or one another, task where prompts do not fit the
 *   model.
 */
export function planDiscovery(
  model: LoadedModel,
  task: Task,
  options: AskedDiscovery,
  nameOf: OptionNaming = LIBRARY_NAMES,
): MethodPlan {
  refuseUnusedOfMethod(options, nameOf);
  return METHODS[options.method ?? DEFAULTS.method].plan(model, task, options, nameOf);
}
