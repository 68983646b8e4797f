import { EdgewiseError } from '../base/errors.js';
import { fnv1a } from '../base/fnv.js';
import { refuseTooMany } from './methods/definition.js';
import type { PromptScores } from '../circuit/prompt-scores.js';
import type { LoadedModel } from '../model/load-model.js';
import { METRICS } from '../readout/metrics.js';
import { bootstrapRows, leaveOneTemplateOut, type Rows } from '../stability/draws.js';
import { nullTask, type NullTask } from '../stability/null-task.js';
import { stabilityOf, type MadeControl, type Stability, type Variation } from '../stability/report.js';
import type { Task } from '../task/types.js';
import type { CircuitSource, Draw } from './stability-source.js';
import type { RunAids } from './aids.js';
import type { Engine } from './engine.js';
import { METHODS, refuseUnusedOfMethod, type AskedDiscovery, type MethodName } from './methods/index.js';
import type { AskedOfRun } from './methods/definition.js';
import { DEFAULTS, LIBRARY_NAMES, type OptionNaming } from './options.js';
import { SCORING_METHODS, type ScoringMethod } from './scoring-methods.js';
import { scoredCircuits } from './stability-of-scores.js';
import { searchedCircuits } from './stability-of-searches.js';

/** Searches of a bootstrap where a caller says nothing. */
export const DEFAULT_DRAWS = 20;

/** What `stability` is asked: a discovery, and what is varied. */
export interface StabilityOptions extends AskedDiscovery {
  /**
   * `prompts` (default): drawn with repetition. `templates`: without those of one template each. `seeds`: other tasks.
   * `orders`: both orders of the heads of a layer. `thresholds`: from half to twice the threshold.
   */
  readonly over?: Variation;
  /** Of a bootstrap over prompts: how many. Default 20. */
  readonly draws?: number;
  /** Of the bootstrap and of the null control. Default 0. */
  readonly seed?: number;
  /** The prompts of every draw by their indices, instead of drawn ones. */
  readonly resamples?: readonly Rows[];
  /** For `seeds`: the same task drawn with other seeds. */
  readonly redrawn?: readonly Task[];
  /** Scores that were kept prompt by prompt: methods that score then take no pass for the draws. */
  readonly promptScores?: PromptScores;
  /** Also search with the answers shuffled among prompts. Default true. */
  readonly nullControl?: boolean;
}

/** What tells one such run from another, beside the identity of its search. */
export interface StabilityRecord {
  readonly over: Variation;
  readonly draws: number;
  readonly seed: number;
  /** Hash of what is drawn where it does not follow from the rest; null where it does. */
  readonly drawn: string | null;
  readonly nullControl: boolean;
}

/** A run that is settled and checked, before a device is needed. */
export interface StabilityPlan {
  readonly identity: CircuitSource['identity'];
  readonly asked: AskedOfRun;
  readonly record: StabilityRecord;
  /** What every journal of the run has in its key, under `stability`. */
  readonly key: Readonly<Record<string, unknown>>;
  /** @throws EdgewiseError of kind device, checkpoint, or usage where a journal is of another run. */
  run(engine: Engine, aids: RunAids): Promise<Stability>;
}

/**
 * How far a circuit can be trusted: the same search on other prompts (or with other settings), and on prompts that have
 * each other's answers.
 *
 * Cost: methods that score take one scoring, whose scores per prompt give every draw, and one for the null control. A
 * draw of `seeds` takes a scoring of its own. Methods that search take a search for every draw, with caches of its own
 * (about three passes, beside some hundreds of tests). `acdc` guesses decisions from the search on all prompts.
 *
 * @throws EdgewiseError: usage where options do not fit the method or one another, task where prompts do not fit the
 *   model, or do not say their template.
 */
export function planStability(
  model: LoadedModel,
  task: Task,
  options: StabilityOptions,
  nameOf: OptionNaming = LIBRARY_NAMES,
): StabilityPlan {
  const { over = 'prompts', draws = DEFAULT_DRAWS, seed = DEFAULTS.seed, nullControl = true } = options;
  const { resamples, redrawn, promptScores, over: _, draws: __, seed: ___, nullControl: ____, ...discovery } = options;
  const method = discovery.method ?? DEFAULTS.scoring;
  const { threshold } = discovery;
  if (typeof threshold === 'object' && threshold.length !== 1) {
    throw new EdgewiseError('usage', nameOf('threshold'), `got ${threshold.length}, expected one for each search`);
  }
  const asked = { ...discovery, method, ...(typeof threshold === 'object' && { threshold: threshold[0]! }) };
  refuseUnusedOfMethod(asked, nameOf);
  refuseTooMany(model, asked, nameOf);
  const made = drawsOf(task, asked, { over, draws, seed, resamples, redrawn }, nameOf);
  const scoring = isScoring(method);
  if (promptScores && !scoring) {
    throw new EdgewiseError('usage', 'scores per prompt', `have no meaning for ${method}, which searches`);
  }
  if (promptScores && over === 'seeds') {
    throw new EdgewiseError('usage', 'scores per prompt', 'are of these prompts, and seeds draw others');
  }
  const control = controlOf(task, asked, nullControl, seed);
  const source = scoring
    ? scoredCircuits(model, task, asked, promptScores, nameOf)
    : searchedCircuits(model, task, asked, nameOf);
  const given = resamples ?? redrawn?.map(({ hash }) => hash);
  const record: StabilityRecord = {
    over,
    draws: made.length,
    seed,
    drawn: given ? fnv1a(JSON.stringify(given)) : null,
    nullControl: typeof control !== 'string',
  };
  const key = { ...record, run: { ...source.identity, ...source.asked } };
  return {
    identity: source.identity,
    asked: source.asked,
    record,
    key,
    run: async (engine, aids) => {
      const found = await source.run(engine, journaled(aids, key), made, typeof control === 'string' ? null : control);
      const known = (): MadeControl => (typeof control === 'string' ? control : { ...found.control!, ...control });
      return stabilityOf(over, found.full, found.drawn, known());
    },
  };
}

/** Methods that score choose a circuit from scores that are means over prompts. */
function isScoring(method: MethodName): method is ScoringMethod {
  return Object.hasOwn(SCORING_METHODS, method);
}

/** Journals of this run are told apart from those of any other. */
function journaled(aids: RunAids, key: Readonly<Record<string, unknown>>): RunAids {
  const { journal } = aids;
  if (!journal) return aids;
  return { ...aids, journal: (request) => journal({ ...request, key: { ...request.key, stability: key } }) };
}

/** The prompts of the null control, or why there is none. */
function controlOf(
  task: Task,
  { method, metric }: AskedDiscovery & { readonly method: MethodName },
  wanted: boolean,
  seed: number,
): NullTask | string {
  if (!wanted) return 'it was not asked for';
  if (isScoring(method) && SCORING_METHODS[method].needs.metric === 'none') return 'the method reads no answers';
  if (task.pairs.length < 2) return 'one prompt has no other to take an answer from';
  const { needs } = METRICS[metric ?? METHODS[method].metric];
  return nullTask(task, needs.correct || needs.wrong ? 'answers' : 'clean predictions', seed);
}

/** Shares of the threshold that `thresholds` searches at. */
const NEIGHBOURS = [0.5, Math.SQRT1_2, 1, Math.SQRT2, 2];

/** What is varied, with defaults. */
interface Varied extends Required<Pick<StabilityOptions, 'over' | 'draws' | 'seed'>> {
  readonly resamples: readonly Rows[] | undefined;
  readonly redrawn: readonly Task[] | undefined;
}

function drawsOf(
  task: Task,
  asked: AskedDiscovery & { readonly method: MethodName },
  { over, draws, seed, resamples, redrawn }: Varied,
  nameOf: OptionNaming,
): Draw[] {
  if (resamples && over !== 'prompts') {
    throw new EdgewiseError('usage', 'resamples', `are draws of prompts, but ${over} are varied`);
  }
  const { takes } = METHODS[asked.method];
  switch (over) {
    case 'prompts':
      if (!(Number.isSafeInteger(draws) && draws >= 2)) {
        throw new EdgewiseError('usage', 'draws', `got ${draws}, expected a whole number of at least 2`);
      }
      return (resamples ?? bootstrapRows(task.pairs.length, draws, seed)).map((rows, i) => {
        return { name: `draw ${i + 1}`, rows };
      });
    case 'templates':
      return leaveOneTemplateOut(task.pairs, task.source).map(({ template, rows }) => {
        return { name: `without ${template}`, rows };
      });
    case 'seeds':
      if (!redrawn || redrawn.length < 2) {
        throw new EdgewiseError(
          'usage',
          'seeds',
          'need a task that is a template, from which prompts can be drawn anew',
        );
      }
      return redrawn.map((other, i) => ({ name: `seed ${i + 1}`, task: other }));
    case 'orders':
      if (!takes.includes('senderHeads')) {
        throw new EdgewiseError(
          'usage',
          'orders',
          `have no meaning for ${asked.method}, which goes through no senders`,
        );
      }
      return (['descending', 'ascending'] as const).map((senderHeads) => ({
        name: senderHeads,
        options: { senderHeads },
      }));
    case 'thresholds': {
      const { threshold = DEFAULTS.threshold, edges } = asked;
      if (edges !== undefined || typeof threshold !== 'number') {
        throw new EdgewiseError(
          'usage',
          'thresholds',
          `are around one ${nameOf('threshold')}, so give one, and no ${nameOf('edges')}`,
        );
      }
      return NEIGHBOURS.map((share) => ({
        name: `threshold ${share * threshold}`,
        options: { threshold: share * threshold },
      }));
    }
  }
}
