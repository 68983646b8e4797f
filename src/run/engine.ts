import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { Scores } from '../circuit/scores.js';
import type { MeasuredEdges, MeasuringProgress } from '../evaluate/measured-edges.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import type { Gpu } from '../gpu/gpu.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import { attribute } from '../attribute/attribution.js';
import type { AttributionMethod } from '../attribute/methods.js';
import type { AttributionProgress } from '../attribute/options.js';
import type { TaskBehaviour } from '../evaluate/task-behaviour.js';
import { DEFAULT_MEASURES, type DefaultMeasure, type Evaluation, type MeasureName } from '../evaluate/measures.js';
import { DEFAULT_BUDGET } from '../evaluate/memory-plan.js';
import type { Task } from '../task/types.js';
import type { InstrumentSetting } from '../instruments/setting.js';
import { Evaluators, usualBatch } from './evaluators.js';
import { checkRun, cutsDirectEdges, meanSourceOf, refuseOtherShape, topologyOf } from './identity.js';
import {
  inspectCircuit,
  type InspectedCircuit,
  type InspectionOptions,
  type InspectionProgress,
} from './inspection.js';
import type { AreasAsked, MeasuredAreas } from './areas.js';
import type { Judgements, JudgementName, JudgeSetting } from '../judge/judgements.js';
import type { JudgeProgress } from '../judge/judged.js';
import type { LensSetting } from './lens.js';
import { Lifetime } from './lifetime.js';
import { areasOn, behaviourOn, evaluateOn, judgeOn, type MeasuringSetting } from './measuring.js';
import type { Caches, EngineOptions, EvaluationOptions } from './options.js';
import { placeModel, type PlacedModel } from './placed-model.js';
import { scoresOfAttribution, type ScoringSetting } from './scoring.js';
import { checkScoring, type ScoringOptions } from './scoring-methods.js';
import { refuseNonFinite } from './non-finite.js';
import { Search } from './search.js';

/**
 * One model on one device, or on several that share the prompts: caches of tasks, scores, measurements. Needs nothing
 * of Node. Devices are passed in, and stay the caller's.
 */
export class Engine {
  readonly model: LoadedModel;
  readonly topology: Topology;
  /** The devices; all are of equal adapters. The first computes whatever is not split. */
  readonly gpus: readonly Gpu[];
  /** What was chosen for the device. It is worth storing, and does not change while the engine lives. */
  readonly tuning: Tuning;
  readonly #weights: readonly ModelWeights[];
  readonly #budget: number;
  readonly #evaluators: Evaluators;
  readonly #lifetime = new Lifetime('Engine', 'was disposed of; create another one');

  /**
   * Measures what suits the device unless it is told, checks its arithmetic on a small model, uploads the weights.
   *
   * @throws EdgewiseError of kind device where the device computes wrongly, or the weights do not fit.
   */
  static async create(options: EngineOptions): Promise<Engine> {
    return new Engine(options, await placeModel(options));
  }

  private constructor(options: EngineOptions, { weights, tuning }: PlacedModel) {
    this.model = options.model;
    this.gpus = weights.map(({ gpu }) => gpu);
    this.tuning = tuning;
    this.#weights = weights;
    this.#budget = options.memoryBudget ?? DEFAULT_BUDGET;
    this.topology = topologyOf(options.model);
    const { model, topology } = this;
    this.#evaluators = new Evaluators({ model, topology, weights, budget: this.#budget, lifetime: this.#lifetime });
  }

  /** The first device. */
  get gpu(): Gpu {
    return this.gpus[0]!;
  }

  /** Throws the first error that a device reported, if any. */
  check(): void {
    for (const gpu of this.gpus) gpu.check();
  }

  /**
   * Prepares a task's caches, for searches at any number of thresholds. The caller disposes of them before the engine.
   *
   * @throws EdgewiseError: task where prompts do not fit the model, device where the caches do not fit the memory,
   *   checkpoint where the model measures NaN.
   */
  async search(task: Task, caches: Caches): Promise<Search> {
    this.#lifetime.assert();
    checkRun(this.model, task, caches);
    const start = performance.now();
    const { directEdges, batch = usualBatch(this.topology, this.tuning.fill) } = caches;
    const evaluator = await this.#lifetime.during(() => this.#evaluators.open(task, caches, directEdges, batch));
    try {
      const whole = await this.#lifetime.during(() => evaluator.metric(EdgeSet.full(this.topology)));
      await refuseNonFinite(this.model, caches.metric, whole);
      const { adapter, tile } = this.gpu;
      const preparation = (performance.now() - start) / 1000;
      const engine = this.#lifetime;
      return new Search({ model: this.model, task, caches, evaluator, adapter, tile, preparation, engine });
    } catch (error) {
      evaluator.dispose();
      throw error;
    }
  }

  /**
   * Estimates scores of every edge (or node, or neuron) of the whole model on a task. Methods that take gradients sum
   * over prompts on the device, so that they use the first one alone.
   *
   * @throws EdgewiseError: usage where options do not fit one another, task where prompts do not fit the model, device
   *   where one prompt does not fit the memory, checkpoint where the model gives NaN.
   */
  async attribute(
    task: Task,
    options: ScoringOptions & { readonly method: AttributionMethod },
    onProgress?: (progress: AttributionProgress) => void,
  ): Promise<Scores> {
    this.#lifetime.assert();
    checkScoring(this.model, task, options);
    const found = await this.#lifetime.during(() =>
      attribute(this.#weights[0]!, this.topology, task.pairs, {
        ...options,
        meanSource: meanSourceOf(task, options),
        budget: this.#budget,
        ...(onProgress && { onProgress }),
      }),
    );
    const broken = found.edges.find((score) => !Number.isFinite(score));
    if (broken !== undefined) await refuseNonFinite(this.model, 'score of an edge', broken);
    return scoresOfAttribution(this.scoringSetting(task, options), found);
  }

  /** Most bytes for activations, caches and scores per prompt. */
  get budget(): number {
    return this.#budget;
  }

  /** @throws EdgewiseError of kind device, with the numbers, where a search's caches do not fit the memory. */
  assertFits(task: Task, caches: Caches): void {
    this.#lifetime.assert();
    this.#evaluators.plan(
      task,
      caches,
      caches.directEdges,
      caches.batch ?? usualBatch(this.topology, this.tuning.fill),
    );
  }

  /**
   * Whether the model does the task at all. Cost: two forward passes.
   *
   * @throws EdgewiseError: task where prompts do not fit the model, device where they do not fit the memory, checkpoint
   *   where the model gives NaN.
   */
  async behaviour(task: Task): Promise<TaskBehaviour> {
    this.#lifetime.assert();
    return behaviourOn(task, this.#measuring);
  }

  /**
   * Measures a circuit.
   *
   * @param circuit with its effects, or the kept edges alone.
   * @param measures names of MEASURES.
   * @param seed of the random circuit.
   * @throws EdgewiseError: circuit where it is of another shape, task where prompts do not fit the model, checkpoint
   *   where the model measures NaN.
   */
  async evaluate<M extends MeasureName = DefaultMeasure>(
    task: Task,
    circuit: EdgeSet | Circuit,
    options: EvaluationOptions,
    measures: readonly M[] = DEFAULT_MEASURES as readonly MeasureName[] as readonly M[],
    seed = 0,
  ): Promise<Evaluation<M>> {
    this.#lifetime.assert();
    return evaluateOn({ task, options }, circuit, measures, seed, this.#measuring);
  }

  /**
   * Judges a circuit: how faithful, needed, complete and minimal it is, tests of hypotheses, baselines. JUDGEMENTS says
   * what each costs.
   *
   * @throws EdgewiseError: usage where a judgement says nothing by the metric, circuit where the circuit is of another
   *   shape, task where prompts do not fit the model, checkpoint where the model measures NaN.
   */
  async judge(
    task: Task,
    kept: EdgeSet,
    options: EvaluationOptions,
    names: readonly JudgementName[],
    asked: Pick<JudgeSetting, 'seed' | 'draws' | 'levels'>,
    onProgress?: (progress: JudgeProgress) => void,
  ): Promise<Judgements> {
    this.#lifetime.assert();
    return judgeOn({ task, options }, kept, names, { ...asked, onProgress }, this.#measuring);
  }

  /**
   * How faithful circuits of ten sizes are that are chosen from scores, as MIB measures it. Cost: 20 evaluations a
   * ranking, and three.
   *
   * @throws EdgewiseError: usage where no edge is scored or a ranking needs the meaning of the sign, and as `judge`.
   */
  async areas(
    task: Task,
    scores: Scores,
    options: EvaluationOptions,
    asked: AreasAsked,
    onProgress?: (progress: JudgeProgress) => void,
  ): Promise<MeasuredAreas> {
    this.#lifetime.assert();
    return areasOn({ task, options }, scores, asked, onProgress, this.#measuring);
  }

  /**
   * What each kept edge is worth in a circuit, and how good its strongest edges are without the others.
   *
   * @param dropIdle leave out edges that carry nothing.
   * @throws EdgewiseError: circuit where it is of another shape, task where prompts do not fit the model, device where
   *   they do not fit the memory, checkpoint where the model measures NaN.
   */
  async measureEdges(
    task: Task,
    circuit: Circuit,
    options: EvaluationOptions,
    dropIdle = false,
    onProgress?: (progress: MeasuringProgress) => void,
  ): Promise<MeasuredEdges> {
    refuseOtherShape(this.topology, circuit.kept);
    const search = await this.search(task, { ...options, directEdges: cutsDirectEdges(circuit) });
    try {
      return await search.measureEdges(circuit, dropIdle, onProgress);
    } finally {
      search.dispose();
    }
  }

  /**
   * How the nodes and edges of a circuit behave on each prompt, and what its heads write for the words of the prompts.
   * Cost: two forward passes; an evaluation for every node and for each of at most 100 connected circuits; a forward
   * pass for each edge into queries and keys, of which those into different heads of a layer share one; and 2 d V FLOPs
   * for each head and word (see ovTokens) and for each node and prompt.
   *
   * @param inspected any circuit of this model's shape.
   * @throws EdgewiseError: circuit where it is of another shape, or where effects at the decision are given and it was
   *   found with another model, task or metric; device where the memory does not suffice.
   */
  async inspect(
    task: Task,
    inspected: InspectedCircuit,
    options: InspectionOptions,
    onProgress: (progress: InspectionProgress) => void = () => {},
  ): Promise<CircuitDetails> {
    return this.#lifetime.during(() =>
      inspectCircuit(task, inspected, options, onProgress, {
        ...this.#setting,
        withEvaluator: (directEdges, use) => this.#evaluators.use(task, options, directEdges, use, this.tuning.fill),
      }),
    );
  }

  /** Runs an instrument over the uncut model: see `Instruments`. */
  async instrument<T>(task: Task, use: (setting: LensSetting) => Promise<T>): Promise<T> {
    const withEvaluator: LensSetting['withEvaluator'] = (evaluation, directEdges, measure) =>
      this.#evaluators.use(task, evaluation, directEdges, measure);
    return this.#lifetime.during(() => use({ ...this.#setting, withEvaluator }));
  }

  /** Runs that are not split over devices take the first one. */
  get #setting(): InstrumentSetting {
    return { model: this.model, topology: this.topology, weights: this.#weights[0]!, budget: this.#budget };
  }

  get #measuring(): MeasuringSetting {
    const { model, topology, tuning } = this;
    return { model, topology, evaluators: this.#evaluators, fill: tuning.fill };
  }

  /** What a scoring's provenance says of this engine. */
  scoringSetting(task: Task, options: ScoringOptions): ScoringSetting {
    const { adapter, tile } = this.gpu;
    return { model: this.model, task, topology: this.topology, options, adapter, tile };
  }

  /** Frees the weights. Every later call says so. Disposing again does no harm. */
  dispose(): void {
    if (!this.#lifetime.end()) for (const weights of this.#weights) weights.dispose();
  }
}
