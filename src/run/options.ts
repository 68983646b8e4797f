import type { ByteProgress } from '../base/work-progress.js';
import type { GradientOptions } from '../attribute/methods.js';
import type { Ablation, InputKind, SenderHeads } from '../circuit/run-identity.js';
import type { Scores } from '../circuit/scores.js';
import type { AcdcOptions } from '../discover/acdc.js';
import type { PatchOptions } from '../evaluate/options.js';
import type { Wait } from '../gpu/gpu.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import type { LoadedModel } from '../model/load-model.js';
import type { MetricName } from '../readout/metrics.js';
import type { Task } from '../task/types.js';

/** What a mean ablation averages over: a side of the task's own prompts, or the clean prompts of another task. */
export type MeanOver = 'clean' | 'corrupted' | Task;

/** How circuits are evaluated. */
export interface EvaluationOptions extends PatchOptions {
  readonly metric: MetricName;
  /** Used by the mean ablations only. Default `clean`. */
  readonly meanOver?: MeanOver;
}

/** What a task's caches on the device depend on. */
export interface Caches extends EvaluationOptions {
  /** Direct edges may be cut too. Otherwise all of them stay. */
  readonly directEdges: boolean;
  /**
   * Most circuits in one submission, if there is memory for so many. It changes no result. Default: what fills the
   * device.
   */
  readonly batch?: number;
}

/** How a search over caches decides. */
export type SearchOptions = Omit<AcdcOptions, 'directEdges'>;

/** How circuits are evaluated, as a caller says it. Every option has a default. */
export interface AskedEvaluation {
  /** Default: `kl` for methods that search, `logit-diff` for methods that score. */
  readonly metric?: MetricName;
  /** Default `resample`. */
  readonly ablation?: Ablation;
  /** Default `clean`. */
  readonly meanOver?: MeanOver;
  /** Default `token`. */
  readonly input?: InputKind;
}

/** Options of `attribute`. SCORING_METHODS says which method takes which. */
export interface AttributeOptions<Method extends string = string> extends AskedEvaluation, GradientOptions {
  /** Default `eap-ig-inputs`. */
  readonly method?: Method;
  /** `exact`: also score each head's direct edges. Default false. */
  readonly directEdges?: boolean;
  /** `exact`: most circuits in one submission. */
  readonly batch?: number;
  /** Also keep the scores of every edge on each prompt: `byPrompt` of the scores. Default false. */
  readonly perPrompt?: boolean;
}

/** Options of `discover`. METHODS says which method takes which. */
export interface DiscoverOptions<Method extends string = string> extends AttributeOptions<Method> {
  /** Default `acdc`. */
  readonly method?: Method;
  /**
   * Methods that search: an edge is removed if its effect is below this, in units of the metric; several thresholds
   * give a circuit for each. Default 0.05. Methods that score: scores from this up stay.
   */
  readonly threshold?: number | readonly number[];
  /**
   * `acdc`: find a threshold that keeps about so many edges, from `threshold` on. Methods that score: choose so many.
   */
  readonly edges?: number;
  /**
   * Find the smallest circuit with so much faithfulness, above 0 and at most 1, instead of one by `threshold` or
   * `edges`. Methods that search lower the threshold until the circuit has it, and then leave out the edges that are
   * worth least in the circuit. Methods that score choose the fewest edges that have it.
   */
  readonly faithfulness?: number;
  /** Methods that search: test |effect|. Default false. */
  readonly absolute?: boolean;
  /** Methods that search: order of the heads of a layer. Default `descending`. */
  readonly senderHeads?: SenderHeads;
  /** `acdc`: scores to guess decisions from. They change no result. */
  readonly predict?: Scores;
  /** Methods that score: choose from the logits down, so that all is connected. Default false. */
  readonly greedy?: boolean;
  /** Methods that score: choose by score instead of |score|. Default false. */
  readonly signed?: boolean;
  /** `screened`: edges with at least this |score| go into the search. Default: a tenth of the threshold. */
  readonly cutoff?: number;
  /** `screened`: most edges near the cutoff that are cut one by one before the search. Default 200. */
  readonly retest?: number;
  /** `screened`: also search from the whole model. Default false. */
  readonly compare?: boolean;
}

/** Options that a method may take. `journal`: an interrupted run of it can go on. */
export type OptionName = Exclude<keyof DiscoverOptions, 'method'> | 'journal';

/** A method with options, whatever their values are. */
export type Asked<Method> = { readonly method?: Method } & Readonly<Partial<Record<OptionName, unknown>>>;

/** What is used where a caller says nothing. The command line has the same. */
export const DEFAULTS = {
  method: 'acdc',
  scoring: 'eap-ig-inputs',
  searchMetric: 'kl',
  scoringMetric: 'logit-diff',
  ablation: 'resample',
  input: 'token',
  senderHeads: 'descending',
  threshold: 0.05,
  /** Scores this far below the threshold still go into a screened search: edges matter more once others are gone. */
  cutoffShare: 0.1,
  retest: 200,
  seed: 0,
  bos: 'auto',
} as const;

/** How a caller calls an option in messages: the command line says `--step-rule` for `stepRule`. */
export type OptionNaming = (option: OptionName) => string;

/** The names of this interface. */
export const LIBRARY_NAMES: OptionNaming = (option) => option;

/** The evaluation that a caller asks for, with defaults. */
export function evaluationOptions(asked: AskedEvaluation, metric: MetricName): EvaluationOptions {
  return {
    metric: asked.metric ?? metric,
    ablation: asked.ablation ?? DEFAULTS.ablation,
    input: asked.input ?? DEFAULTS.input,
    meanOver: asked.meanOver ?? 'clean',
  };
}

/** A device that an engine computes on. It stays the caller's. */
export interface EngineDevice {
  readonly device: GPUDevice;
  /** Name of the adapter, for provenance. */
  readonly adapter: string;
  /** How to wait for the device. Default: await it. `openDevice` of edgewise/node gives one. */
  readonly wait?: Wait;
}

export interface EngineOptions extends EngineDevice {
  /** Devices of equal adapters that share the prompts with the first. No result depends on their number. */
  readonly others?: readonly EngineDevice[];
  readonly model: LoadedModel;
  /** Most bytes for activations and caches on each device. Default 4 GB. */
  readonly memoryBudget?: number;
  /** What suits the device, as an earlier `engine.tuning` had it. Default: it is measured, in about a second. */
  readonly tuning?: Tuning;
  /** Is told of how much of the weights is on the device. */
  readonly onLoad?: ((progress: ByteProgress) => void) | undefined;
}
