import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Scores } from '../circuit/scores.js';
import type { MeasuredEdges } from '../evaluate/measured-edges.js';
import type { DefaultMeasure, Evaluation, MeasureName } from '../evaluate/measures.js';
import type { LensReport } from '../files/own/lens-json.js';
import type { TaskFile } from '../task/load-task.js';
import type { BosOption } from '../task/tokenizer.js';
import type { Task } from '../task/types.js';
import { asRunProgress, type RunAids } from './aids.js';
import { evaluationAsFound, knownMetric, provenanceOf } from './as-found.js';
import type { Discovery } from './discovery.js';
import type { Engine } from './engine.js';
import type { InspectedCircuit } from './inspection.js';
import type { AreasAsked, MeasuredAreas } from './areas.js';
import { judgementsBy, type JudgementName, type Judgements, type JudgeSetting } from '../judge/judgements.js';
import { settleLens, type AskedLens } from './asked-lens.js';
import { runLens, type LensProgress } from './lens.js';
import { Lifetime } from './lifetime.js';
import { planDiscovery, type AskedDiscovery } from './methods/index.js';
import { planScoring, refuseUnusedOfScoring } from './methods/scores.js';
import { DEFAULTS, type AskedEvaluation, type AttributeOptions } from './options.js';
import type { ScoringMethod } from './scoring-methods.js';
import type { Stability } from '../stability/report.js';
import { planStability, type StabilityOptions } from './stability.js';
import type { ReaderOptions, TaskReader } from './task-reader.js';

/** Which prompt pairs of a task to use, how they are read, and how texts become tokens. */
export interface TaskOptions extends ReaderOptions {
  /**
   * The beginning-of-text token before texts: where the tokenizer or the config has one (`auto`, the default), always,
   * never, or the token with an id or a text.
   */
  readonly bos?: BosOption;
}

/** Options of `evaluate`. An option that is not given is as the circuit was found. */
export interface EvaluateOptions<M extends MeasureName> extends AskedEvaluation {
  /** Names of MEASURES. Default: all but `curve`. */
  readonly measures?: readonly M[];
  /** Of the random circuit. Default 0. */
  readonly seed?: number;
}

/** Options of `judge`. An option of the evaluation that is not given is as the circuit was found. */
export interface JudgeOptions extends AskedEvaluation, Pick<JudgeSetting, 'draws' | 'levels'> {
  /** Names of JUDGEMENTS. Default: all that say something by the metric. */
  readonly judgements?: readonly JudgementName[];
  /** Of everything that is drawn. Default 0. */
  readonly seed?: number;
}

/** What an Edgewise works with. `open` of edgewise/node and `openInPage` make one. */
export interface EdgewiseParts {
  readonly engine: Engine;
  /** Reads tasks in the model's tokens, with that token in front of every text. */
  readonly reader: (bos: BosOption) => Promise<TaskReader>;
  /** Gives the task file that a name stands for. */
  readonly taskFile: (name: string) => Promise<TaskFile>;
  /** Disposes of the engine, and closes what was opened for it. */
  readonly close: () => Promise<void>;
}

/** The circuits of `discover`: one, or an array where several thresholds were asked for. */
export type Discovered<Options extends AskedDiscovery> = Options extends { readonly threshold: readonly number[] }
  ? readonly Discovery[]
  : Discovery;

/**
 * One model on one device: finds circuits, scores edges, measures circuits. Every option has the command line's
 * default.
 */
export class Edgewise {
  readonly engine: Engine;
  readonly #parts: EdgewiseParts;
  readonly #lifetime = new Lifetime('Edgewise', 'was closed; open the model again');
  readonly #readers = new Map<string, Promise<TaskReader>>();

  constructor(parts: EdgewiseParts) {
    this.engine = parts.engine;
    this.#parts = parts;
  }

  /**
   * A task in the model's tokens.
   *
   * @param source a shipped task's name, in Node also a file's path, or the file itself.
   * @throws EdgewiseError of kind task: no such file, its mistakes with their lines, fewer prompts than asked for.
   */
  async task(source: string | TaskFile, { bos = DEFAULTS.bos, ...options }: TaskOptions = {}): Promise<Task> {
    this.#lifetime.assert();
    const file = typeof source === 'string' ? await this.#parts.taskFile(source) : source;
    return (await this.#reader(bos)).read(file, options);
  }

  /**
   * Finds the circuit of a task.
   *
   * @param options see METHODS. Default: ACDC at threshold 0.05, by KL, with resample ablation.
   * @param aids progress, and journals by which an interrupted run goes on.
   * @returns a circuit with its faithfulness; an array, in the order of thresholds, where `threshold` is an array.
   * @throws EdgewiseError: usage where options do not fit, task where prompts do not fit the model, device where the
   *   memory does not suffice or the device is lost, checkpoint where the model gives NaN.
   */
  async discover<Options extends AskedDiscovery = AskedDiscovery & { readonly threshold?: number }>(
    task: Task,
    options?: Options,
    aids: RunAids = {},
  ): Promise<Discovered<Options>> {
    this.#lifetime.assert();
    const plan = planDiscovery(this.engine.model, task, options ?? {});
    const { chosen } = await this.#lifetime.during(() => plan.run(this.engine, aids));
    return (Array.isArray(options?.threshold) ? chosen : chosen[0]) as Discovered<Options>;
  }

  /**
   * Scores every edge of the whole model, or every node or neuron.
   *
   * @param options see SCORING_METHODS. Default: `eap-ig-inputs` by the logit difference.
   * @returns scores in loss form: positive = the edge helps. A circuit is then chosen by `select`.
   * @throws EdgewiseError as `discover`.
   */
  async attribute(task: Task, options: AttributeOptions<ScoringMethod> = {}, aids: RunAids = {}): Promise<Scores> {
    this.#lifetime.assert();
    refuseUnusedOfScoring(options);
    const plan = planScoring(this.engine.model, task, options);
    return this.#lifetime.during(() => plan.run(this.engine, aids));
  }

  /**
   * How far a circuit can be trusted: the same search on other prompts, or with other settings, and on prompts that
   * have each other's answers.
   *
   * @param options of `discover`, and what is varied. Default: `eap-ig-inputs`, and 20 draws of the prompts.
   * @returns what `withStability` writes into a circuit, and `stabilityCard` says in words.
   * @throws EdgewiseError as `discover`.
   */
  async stability(task: Task, options: StabilityOptions, aids: RunAids = {}): Promise<Stability> {
    this.#lifetime.assert();
    const plan = planStability(this.engine.model, task, options);
    return this.#lifetime.during(() => plan.run(this.engine, aids));
  }

  /**
   * Measures a circuit.
   *
   * @param circuit a circuit, or a set of edges to keep.
   * @throws EdgewiseError: circuit where it is of another shape, task where prompts do not fit, device, checkpoint.
   */
  async evaluate<M extends MeasureName = DefaultMeasure>(
    task: Task,
    circuit: Circuit | EdgeSet,
    { measures, seed = DEFAULTS.seed, ...asked }: EvaluateOptions<M> = {},
  ): Promise<Evaluation<M>> {
    this.#lifetime.assert();
    const options = evaluationAsFound(asked, provenanceOf(circuit));
    return this.#lifetime.during(() => this.engine.evaluate(task, circuit, options, measures, seed));
  }

  /**
   * Judges a circuit: how faithful, needed, complete and minimal it is, tests of hypotheses, baselines.
   *
   * @throws EdgewiseError: usage where a judgement says nothing by the metric, and as `evaluate`.
   */
  async judge(
    task: Task,
    circuit: Circuit | EdgeSet,
    { judgements, seed = DEFAULTS.seed, draws, levels, ...asked }: JudgeOptions = {},
    { progress }: Pick<RunAids, 'progress'> = {},
  ): Promise<Judgements> {
    this.#lifetime.assert();
    const options = evaluationAsFound(asked, provenanceOf(circuit));
    const kept = circuit instanceof EdgeSet ? circuit : circuit.kept;
    const names = judgements ?? judgementsBy(options.metric);
    return this.#lifetime.during(() =>
      this.engine.judge(task, kept, options, names, { seed, draws, levels }, (one) => progress?.(asRunProgress(one))),
    );
  }

  /**
   * How faithful circuits of ten sizes are that are chosen from scores, as MIB measures it: CPR, CMD and their kin.
   *
   * @throws EdgewiseError: usage where no edge is scored or a ranking needs the meaning of the sign, and as `evaluate`.
   */
  async areas(
    task: Task,
    scores: Scores,
    { rankings, truth, ...asked }: AskedEvaluation & AreasAsked = {},
    { progress }: Pick<RunAids, 'progress'> = {},
  ): Promise<MeasuredAreas> {
    this.#lifetime.assert();
    const found = scores.provenance;
    const metric = asked.metric ?? knownMetric(found) ?? DEFAULTS.scoringMetric;
    const options = evaluationAsFound({ ...asked, metric }, found);
    return this.#lifetime.during(() =>
      this.engine.areas(task, scores, options, { rankings, truth }, (one) => progress?.(asRunProgress(one))),
    );
  }

  /**
   * What each kept edge of a circuit is worth in it, and how good its strongest edges are without the others. Cost: an
   * evaluation per kept edge, and two per point of the curve.
   *
   * @param circuit any circuit of this model's shape. Options that are not given are as it was found.
   * @returns the circuit with `inCircuit`, and effects per prompt.
   * @throws EdgewiseError: circuit where it is of another shape, task where prompts do not fit, device, checkpoint.
   */
  async measureEdges(
    task: Task,
    circuit: Circuit,
    { dropIdle = false, ...asked }: AskedEvaluation & { readonly dropIdle?: boolean } = {},
    { progress }: Pick<RunAids, 'progress'> = {},
  ): Promise<MeasuredEdges> {
    this.#lifetime.assert();
    const options = evaluationAsFound(asked, circuit.provenance);
    return this.#lifetime.during(() =>
      this.engine.measureEdges(task, circuit, options, dropIdle, (one) =>
        progress?.({ ...one, unit: 'passes', measured: one.done }),
      ),
    );
  }

  /**
   * What the nodes and edges of a circuit do on each prompt: attention, direct effects, promoted tokens; and what its
   * heads write for the tokens of the prompts. Cost: four forward passes, and a row of the unembedding for each head
   * and token, of at most 128 tokens.
   *
   * @param found any circuit of this model's shape; a Discovery and MeasuredEdges are one with effects on every prompt.
   *   Options that are not given are as it was found.
   * @throws EdgewiseError: circuit where it is of another shape, or where effects at the decision are given and the
   *   circuit was found with another model, task or metric; task where prompts do not fit, device, checkpoint.
   */
  async inspect(
    task: Task,
    found: InspectedCircuit,
    options: AskedEvaluation = {},
    { progress }: Pick<RunAids, 'progress'> = {},
  ): Promise<CircuitDetails> {
    this.#lifetime.assert();
    const { tokenText } = await this.#reader(DEFAULTS.bos);
    return this.#lifetime.during(() =>
      this.engine.inspect(
        task,
        found,
        { ...evaluationAsFound(options, found.circuit.provenance), ...(tokenText && { tokenText }) },
        ({ done, total }) => progress?.({ part: 'measuring details', done, total, unit: 'passes', measured: done }),
      ),
    );
  }

  /**
   * Looks into the model on a task: logit lens, direct attribution, heads and neurons in token space, kinds of heads,
   * Hit@k, triggers, comparative neuron analysis.
   *
   * @param options which parts, and how. Of the evaluation of a circuit, what is not given is as it was found.
   * @returns what was found, by part.
   * @throws EdgewiseError: usage for parts, heads and numbers that there are not, task where prompts do not fit or lack
   *   answers, circuit where it is of another shape, device, checkpoint.
   */
  async lens(task: Task, options: AskedLens = {}, { progress }: Pick<RunAids, 'progress'> = {}): Promise<LensReport> {
    this.#lifetime.assert();
    const { tokenText } = await this.#reader(DEFAULTS.bos);
    const settled = settleLens(options, tokenText);
    const tell = (one: LensProgress): void => progress?.({ ...one, unit: 'passes', measured: one.done });
    return this.#lifetime.during(() =>
      this.engine.instrument(task, (setting) => runLens(task, settled, tell, setting)),
    );
  }

  /** Frees the device's memory, and in Node closes the device. Every later call says so. */
  async close(): Promise<void> {
    if (this.#lifetime.end()) return;
    const readers = await Promise.allSettled(this.#readers.values());
    this.#readers.clear();
    for (const reader of readers) if (reader.status === 'fulfilled') await reader.value.close();
    await this.#parts.close();
  }

  #reader(bos: BosOption): Promise<TaskReader> {
    const key = JSON.stringify(bos);
    const known = this.#readers.get(key);
    if (known) return known;
    const reader = this.#parts.reader(bos);
    this.#readers.set(key, reader);
    return reader;
  }
}
