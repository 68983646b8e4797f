import type {
  InstrumentFile,
  InstrumentName,
  InstrumentProvenance,
  InstrumentResult,
} from '../files/own/instrument-json.js';
import type { LensFiles } from '../files/own/lens-json.js';
import type { PatchDirection } from '../files/own/patching-json.js';
import { patchActivations } from '../instruments/activation-patching.js';
import { positionsByRole, rolesOfPairs } from '../instruments/by-role.js';
import { differingPositions, tracePairs, traceTask, type TracingNoise } from '../instruments/data-set-tracing.js';
import { knockOut } from '../instruments/knockout.js';
import { ablateNodes, type NodeAblationOptions } from '../instruments/node-ablation.js';
import type { DrawnNoise } from '../instruments/noise.js';
import { patchPath, type PatchedPathRequest } from '../instruments/path-patching.js';
import type { InstrumentSetting } from '../instruments/setting.js';
import { steer, type SteeringOptions } from '../instruments/steering.js';
import type { MetricName } from '../readout/metrics.js';
import type { Task } from '../task/types.js';
import { VERSION } from '../version.js';
import type { Engine } from './engine.js';
import { checkRun } from './identity.js';
import { runLens, type LensOptions, type LensProgress } from './lens.js';

/** Runs done, of all. */
export type InstrumentProgress = (done: number, total: number) => void;

/** How causal tracing is done. */
export interface TraceOptions {
  /** By prompt the positions that get noise. Default: those at which the clean and the corrupted prompt differ. */
  readonly noised?: readonly (readonly number[])[];
  /** Default: 3 standard deviations, 10 samples, seed 0. */
  readonly noise?: DrawnNoise;
  /** Widths of windows of layers. Default 1 and 3. */
  readonly windows?: readonly number[];
}

/** How one prompt is traced. */
export interface TraceRowOptions extends Omit<TraceOptions, 'noise'> {
  readonly row: number;
  readonly noise?: TracingNoise;
  /** Text of a token. Default `#id`. */
  readonly tokenText?: (id: number) => string;
}

/** How attention is blocked. */
export interface KnockoutOptions {
  /** By prompt the key positions. Default: those of every role of tokens, one role after the other. */
  readonly blocked?: readonly (readonly number[])[];
  /** Default 1. */
  readonly window?: number | 'all';
  readonly head?: number;
  readonly metric?: MetricName;
}

export const DEFAULT_NOISE: DrawnNoise = { level: 3, samples: 10, seed: 0 };
export const DEFAULT_WINDOWS: readonly number[] = [1, 3];
const METRIC: MetricName = 'logit-diff';

type Found<N extends InstrumentName> = Promise<Extract<InstrumentFile, { readonly instrument: N }>>;

/**
 * The other instruments of the field, over the uncut model: each says what it ran on, so that `writeInstrument` makes a
 * file of it. Metrics are higher-is-better here.
 */
export class Instruments {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Causal tracing of one prompt: see traceCauses. */
  async traceRow(task: Task, options: TraceRowOptions, onProgress?: InstrumentProgress): Found<'causal-tracing'> {
    const { row, noise = DEFAULT_NOISE, windows = DEFAULT_WINDOWS, tokenText = (id: number) => `#${id}` } = options;
    const pair = task.pairs[row]!;
    const noised = options.noised ?? task.pairs.map(differingPositions);
    return this.#run('causal-tracing', task, 'kl', async ({ weights, topology, budget }) => {
      const asked = { windows, budget };
      const [traced] = await tracePairs(weights, topology, task.pairs, [row], noised, noise, asked, onProgress);
      const { trace, nu } = traced!;
      return {
        row,
        tokens: [...(pair.texts?.clean ?? pair.clean.map(tokenText))],
        ids: [...pair.clean],
        answer_token: tokenText(trace.answer),
        noised: [...noised[row]!],
        samples: 'level' in noise ? noise.samples : noise.length,
        nu,
        seed: 'level' in noise ? noise.seed : null,
        ...trace,
      };
    });
  }

  /** Causal tracing of every prompt, averaged by the roles of tokens. */
  async trace(
    task: Task,
    options: TraceOptions = {},
    onProgress?: InstrumentProgress,
  ): Found<'causal-tracing-averaged'> {
    const { noise = DEFAULT_NOISE, windows = DEFAULT_WINDOWS } = options;
    const noised = options.noised ?? task.pairs.map(differingPositions);
    return this.#run('causal-tracing-averaged', task, 'kl', ({ weights, topology, budget }) =>
      traceTask(weights, topology, task.pairs, noised, noise, { windows, budget }, onProgress),
    );
  }

  /** Activation patching at every place: see patchActivations. */
  async patchActivations(
    task: Task,
    { direction, metric = METRIC }: { readonly direction: PatchDirection; readonly metric?: MetricName },
    onProgress?: InstrumentProgress,
  ): Found<'activation-patching'> {
    return this.#run('activation-patching', task, metric, ({ weights, topology, budget }) =>
      patchActivations(weights, topology, task.pairs, { direction, metric, budget }, onProgress),
    );
  }

  /** A vector added at a place: see `steer`. */
  async steer(
    task: Task,
    { metric = METRIC, ...options }: Omit<SteeringOptions, 'metric' | 'budget'> & { readonly metric?: MetricName },
  ): Found<'steering'> {
    return this.#run('steering', task, metric, ({ weights, topology, budget }) =>
      steer(weights, topology, task.pairs, { ...options, metric, budget }),
    );
  }

  /** Path patching: see patchPath. */
  async patchPath(
    task: Task,
    { metric = METRIC, ...request }: PatchedPathRequest & { readonly metric?: MetricName },
    onProgress?: InstrumentProgress,
  ): Found<'path-patching'> {
    return this.#run('path-patching', task, metric, ({ weights, topology, budget }) =>
      patchPath(weights, topology, task.pairs, request, { metric, budget }, onProgress),
    );
  }

  /** Attention knockout: see knockOut. */
  async knockOut(task: Task, options: KnockoutOptions = {}, onProgress?: InstrumentProgress): Found<'knockout'> {
    const { blocked, window = 1, head, metric = METRIC } = options;
    return this.#run('knockout', task, metric, async ({ weights, topology, budget }) => {
      const asked = { metric, window, budget, ...(head !== undefined && { head }) };
      if (blocked) {
        const [found] = await knockOut(weights, topology, task.pairs, [blocked], asked, onProgress);
        return { ...found!, head: head ?? null, blocked: blocked.map((positions) => [...positions]) };
      }
      const roles = positionsByRole(rolesOfPairs(task.pairs));
      // The measured position keeps itself: a row of attention cannot be empty.
      const lists = roles.map(({ positions }) =>
        positions.map((ofPrompt, n) => ofPrompt.filter((position) => position < task.pairs[n]!.position)),
      );
      const everything = task.pairs.map(({ position }) => Array.from({ length: position }, (_, key) => key));
      const found = await knockOut(weights, topology, task.pairs, [everything, ...lists], asked, onProgress);
      const [all, ...ofRoles] = found;
      return {
        ...all!,
        head: head ?? null,
        roles: ofRoles.flatMap(({ layers }, i) =>
          lists[i]!.some((positions) => positions.length > 0) ? [{ role: roles[i]!.role, layers }] : [],
        ),
      };
    });
  }

  /** Nodes ablated one by one: see ablateNodes. */
  async ablateNodes(
    task: Task,
    { metric = METRIC, ...options }: Omit<NodeAblationOptions, 'metric' | 'budget'> & { readonly metric?: MetricName },
    onProgress?: InstrumentProgress,
  ): Found<'node-ablation'> {
    return this.#run('node-ablation', task, metric, ({ weights, topology, budget }) =>
      ablateNodes(weights, topology, task.pairs, { ...options, metric, budget }, onProgress),
    );
  }

  /**
   * Looks into the model: see runLens.
   *
   * @param files that options were read from.
   */
  async lens(
    task: Task,
    options: LensOptions = {},
    files?: LensFiles,
    onProgress: (progress: LensProgress) => void = () => {},
  ): Found<'lens'> {
    const report = await this.#engine.instrument(task, (setting) => runLens(task, options, onProgress, setting));
    return { instrument: 'lens', of: this.#provenance(task), result: { ...report, ...(files && { files }) } };
  }

  async #run<N extends InstrumentName>(
    instrument: N,
    task: Task,
    metric: MetricName,
    use: (setting: InstrumentSetting) => Promise<InstrumentResult<N>>,
  ): Found<N> {
    checkRun(this.#engine.model, task, { metric, ablation: 'resample', input: 'token' });
    const result = await this.#engine.instrument(task, use);
    return { instrument, of: this.#provenance(task), result } as Extract<InstrumentFile, { readonly instrument: N }>;
  }

  #provenance(task: Task): InstrumentProvenance {
    const { model, gpu } = this.#engine;
    return {
      engine_version: VERSION,
      adapter: gpu.adapter,
      model: { name: model.name, hash: model.hash },
      task: { name: task.name, hash: task.hash },
      prompts: { count: task.pairs.length, skip: task.skip },
    };
  }
}
