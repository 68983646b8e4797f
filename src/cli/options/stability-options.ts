import { Option } from 'commander';
import { DEFAULTS } from '../../run/options.js';
import { DEFAULT_DRAWS } from '../../run/stability.js';
import { VARIATIONS, type Variation } from '../../stability/report.js';
import { count, MAX_SEED, nonEmpty } from './options.js';

/** Flags that say what is varied from search to search. */
export interface StabilityFlags {
  readonly over: Variation;
  readonly draws?: number;
  readonly seed: number;
  /** Path of a list of lists of prompt indices. */
  readonly resamples?: string;
  /** Path of scores that were kept prompt by prompt. */
  readonly scoresPerPrompt?: string;
  /** Commander's name for what --no-null-control turns off. */
  readonly nullControl: boolean;
}

/** Every pair of draws is compared. */
const MOST_DRAWS = 1000;

export const stabilityOptions = (): Option[] => [
  new Option(
    '--over <what>',
    'what is varied: prompts (drawn with repetition), templates (one left out), seeds (prompts of a template drawn anew), orders (of the heads of a layer), thresholds (from half to twice)',
  )
    .choices(VARIATIONS)
    .default('prompts'),
  new Option('--draws <n>', 'how many times the prompts are drawn')
    .argParser(count(2, MOST_DRAWS))
    .default(undefined, String(DEFAULT_DRAWS)),
  new Option('--seed <n>', 'of the draws and of the null control').argParser(count(0, MAX_SEED)).default(DEFAULTS.seed),
  new Option(
    '--resamples <file>',
    'the draws as JSON: a list of lists of prompt indices, from 0 in the order of the prompts used',
  ).argParser(nonEmpty),
  new Option(
    '--scores-per-prompt <file>',
    'what attribute --per-prompt kept of the same scoring, so that the draws take no pass',
  ).argParser(nonEmpty),
  new Option('--no-null-control', 'do not search with the answers shuffled among prompts'),
];
