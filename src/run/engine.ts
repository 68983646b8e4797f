import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import { keptEdges, type Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { runSelfTest } from '../check/self-test.js';
import type { Scores } from '../circuit/scores.js';
import type { AcdcAids } from '../discover/acdc.js';
import type { ExactProgress } from '../discover/exact.js';
import type { Journal } from '../discover/journal.js';
import { curveSizes, faithfulnessCurve } from '../evaluate/curve.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import { randomCircuitLike } from '../evaluate/random-circuit.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import { measureTuning } from '../gpu/product/measure-tuning.js';
import type { MetricName } from '../readout/metrics.js';
import { Gpu, type Wait } from '../gpu/gpu.js';
import { circuitDetails, writersOf, type TokenText } from '../inspect/circuit-details.js';
import { inspectNodes } from '../inspect/inspect-nodes.js';
import type { LoadedModel } from '../model/load-model.js';
import { uploadWeights, type ModelWeights } from '../model/weights.js';
import { attribute } from '../attribute/attribution.js';
import { PatchingEvaluator, type PromptValues } from '../evaluate/evaluator.js';
import { DEFAULT_BUDGET, type RunPlan } from '../evaluate/memory-plan.js';
import {
  checkRun,
  meanSourceOf,
  planFor,
  topologyOf,
  type DiscoveryOptions,
  type EvaluationOptions,
} from './identity.js';
import {
  checkScoring,
  scoresOfAttribution,
  scoresOfEffects,
  type ScoringOptions,
  type ScoringSetting,
} from './scoring.js';
import { nonFinite, Search, type Discovery } from './search.js';
import type { Task } from '../task/types.js';

export interface EngineOptions {
  readonly device: GPUDevice;
  /** Name of the adapter, for provenance. */
  readonly adapter: string;
  readonly model: LoadedModel;
  /** How to wait for the device; default: await it. `openDevice` of edgewise/node gives one. */
  readonly wait?: Wait;
  /** Most bytes for activations and caches; default 4 GB. */
  readonly memoryBudget?: number;
  /** What suits the device, as an earlier engine had it (`engine.tuning`); default: it is measured, in about a second. */
  readonly tuning?: Tuning;
}

export interface InspectionOptions extends EvaluationOptions {
  /** Texts of tokens by id; default `#<id>`. Prompts that bring their own texts keep them. */
  readonly tokenText?: TokenText;
}

/** Passes over all prompts: done, and in total. */
export interface InspectionProgress {
  readonly done: number;
  readonly total: number;
}

/** A circuit with what was measured of it: what `inspect` looks into. */
export type InspectedCircuit = Pick<Discovery, 'circuit' | 'initial' | 'final' | 'empty' | 'promptEffects'>;

/** What a scoring tells and can build on. */
export interface ScoringAids {
  readonly onProgress?: (progress: ExactProgress) => void;
  /** Of `exact` only. */
  readonly journal?: Journal;
}

/** Everything is in place to cut each edge alone. The caller disposes of it before the engine. */
export interface PreparedExact {
  scores(aids: ScoringAids): Promise<Scores>;
  dispose(): void;
}

/** What a search has that scoring edge by edge leaves alone. */
const NO_SEARCH = { threshold: 0, absolute: false, senderHeads: 'descending', directEdges: false } as const;

/** Metrics in loss form; accuracies as fractions of the prompts. */
export interface Evaluation {
  readonly metric: MetricName;
  readonly prompts: number;
  /** Whole model on the clean prompts. */
  readonly clean: number;
  /** The empty circuit under the chosen ablation; for resample ablation the model's corrupted run. */
  readonly corrupted: number;
  readonly circuit: number;
  readonly faithfulness: number | null;
  /** Fraction of prompts whose most probable token is a correct answer; null where the task gives none. */
  readonly accuracy: { readonly clean: number; readonly circuit: number } | null;
  /** A circuit of as many edges, drawn at random. */
  readonly random: { readonly seed: number; readonly metric: number; readonly faithfulness: number | null };
  readonly edges: { readonly kept: number; readonly total: number };
}

/**
 * One model on one device: finds circuits and evaluates them. Needs nothing of Node; the device is passed in, and stays
 * the caller's.
 */
export class Engine {
  readonly model: LoadedModel;
  readonly topology: Topology;
  readonly gpu: Gpu;
  /** What was chosen for the device; worth storing, and the same for as long as the engine lives. */
  readonly tuning: Tuning;
  readonly #weights: ModelWeights;
  readonly #budget: number;

  /** Measures what suits the device where that is not known, checks its arithmetic on a small model, uploads the weights. */
  static async create(options: EngineOptions): Promise<Engine> {
    const { device, adapter, model, wait } = options;
    const tuning = options.tuning ?? (await measureTuning(new Gpu(device, adapter, { wait })));
    const gpu = new Gpu(device, adapter, { tile: tuning.tile, wait });
    await runSelfTest(gpu, 'short');
    return new Engine(options, gpu, tuning, await uploadWeights(gpu, model.spec, model.weights));
  }

  private constructor(options: EngineOptions, gpu: Gpu, tuning: Tuning, weights: ModelWeights) {
    this.model = options.model;
    this.gpu = gpu;
    this.tuning = tuning;
    this.#weights = weights;
    this.#budget = options.memoryBudget ?? DEFAULT_BUDGET;
    this.topology = topologyOf(options.model);
  }

  /** Prunes the whole model down to a circuit of the task. */
  async discover(task: Task, options: DiscoveryOptions, aids?: Omit<AcdcAids, 'neighbour'>): Promise<Discovery> {
    const search = await this.search(task, options);
    try {
      return await search.at(options.threshold, aids);
    } finally {
      search.dispose();
    }
  }

  /** Prepares the caches for searches at several thresholds. The caller disposes of the search before the engine. */
  async search(task: Task, options: DiscoveryOptions): Promise<Search> {
    checkRun(this.model, task, options);
    const start = performance.now();
    const evaluator = await this.#evaluator(task, options, options.directEdges, options.batch ?? this.tuning.fill);
    try {
      const whole = await evaluator.metric(EdgeSet.full(this.topology));
      if (!Number.isFinite(whole)) throw nonFinite(this.model, options.metric, whole);
      const { adapter, tile } = this.gpu;
      const preparation = (performance.now() - start) / 1000;
      return new Search({ model: this.model, task, options, evaluator, adapter, tile, preparation });
    } catch (error) {
      evaluator.dispose();
      throw error;
    }
  }

  /**
   * Scores every edge (or node, or neuron) of the whole model on a task; a circuit is then chosen by `select`. With a journal `exact`
   * goes on from where an interrupted run was.
   */
  async attribute(task: Task, options: ScoringOptions, aids: ScoringAids = {}): Promise<Scores> {
    if (options.method === 'exact') {
      const exact = await this.prepareExact(task, options);
      try {
        return await exact.scores(aids);
      } finally {
        exact.dispose();
      }
    }
    checkScoring(this.model, task, options);
    const { onProgress } = aids;
    const found = await attribute(this.#weights, this.topology, task.pairs, {
      ...options,
      method: options.method,
      meanSource: meanSourceOf(task, options),
      budget: this.#budget,
      ...(onProgress && { onProgress: ({ done, total }) => onProgress({ done, measured: done, total }) }),
    });
    const broken = found.edges.find((score) => !Number.isFinite(score));
    if (broken !== undefined) throw nonFinite(this.model, 'score of an edge', broken);
    return scoresOfAttribution(this.#setting(task, options), found);
  }

  /** The caches of `exact`, so that what can go wrong beforehand has gone wrong before a journal is begun. */
  async prepareExact(task: Task, options: ScoringOptions): Promise<PreparedExact> {
    checkScoring(this.model, task, options);
    const search = await this.search(task, { ...NO_SEARCH, ...options });
    return {
      scores: async ({ onProgress, journal }) =>
        scoresOfEffects(this.#setting(task, options), await search.exact(onProgress, journal)),
      dispose: () => search.dispose(),
    };
  }

  /** @throws EdgewiseError of kind device, with the numbers, where a search's caches do not fit. */
  assertFits(task: Task, options: DiscoveryOptions): void {
    this.#plan(task, options, options.directEdges, options.batch ?? this.tuning.fill);
  }

  /** Measures a circuit beside the whole model, the empty circuit and a random circuit of its size. */
  async evaluate(task: Task, circuit: EdgeSet, options: EvaluationOptions, seed = 0): Promise<Evaluation> {
    checkRun(this.model, task, options);
    this.#refuseOtherShape(circuit);
    const hasAnswers = task.pairs.every((pair) => pair.correct.length > 0);
    // KL is measured whatever was asked for: it alone shows NaN in any logit.
    const metrics = [...new Set<MetricName>(['kl', options.metric, ...(hasAnswers ? (['accuracy'] as const) : [])])];
    const circuits = [
      EdgeSet.full(this.topology),
      EdgeSet.empty(this.topology),
      circuit,
      randomCircuitLike(circuit, seed),
    ];
    const directEdges = circuit.size - circuit.additionSize < this.topology.directEdges;
    const values = await this.#withEvaluator(task, options, directEdges, (evaluator) =>
      evaluator.evaluate(circuits, metrics),
    );
    const [clean, corrupted, found, random] = values.map((perMetric) => mean(perMetric[options.metric]!));
    for (const [name, value] of [
      ['kl', mean(values[0]!.kl!)],
      [options.metric, clean!],
    ] as const) {
      if (!Number.isFinite(value)) throw nonFinite(this.model, name, value);
    }
    const accuracy = (perMetric: PromptValues | undefined): number => 0 - mean(perMetric!.accuracy!); // never -0
    return {
      metric: options.metric,
      prompts: task.pairs.length,
      clean: clean!,
      corrupted: corrupted!,
      circuit: found!,
      faithfulness: faithfulness(found!, clean!, corrupted!),
      accuracy: hasAnswers ? { clean: accuracy(values[0]), circuit: accuracy(values[2]) } : null,
      random: { seed, metric: random!, faithfulness: faithfulness(random!, clean!, corrupted!) },
      edges: { kept: circuit.additionSize, total: this.topology.additionEdges },
    };
  }

  /**
   * How the nodes and edges of a circuit that was just found behave on each prompt: what a reader asks next. Cost: a
   * forward pass per point of the faithfulness curve and four more.
   *
   * @param options those of the search.
   */
  async inspect(
    task: Task,
    inspected: InspectedCircuit,
    options: InspectionOptions,
    onProgress: (progress: InspectionProgress) => void = () => {},
  ): Promise<CircuitDetails> {
    checkRun(this.model, task, options);
    const { circuit, initial, empty, promptEffects } = inspected;
    this.#refuseOtherRun(task, circuit, options.metric);
    const { metric } = options;
    const circuits = [EdgeSet.full(this.topology), circuit.kept, EdgeSet.empty(this.topology)];
    const total = circuits.length + curveSizes(keptEdges(circuit)).length + 1;
    let done = 0;
    const passed = (passes = 1): void => onProgress({ done: (done += passes), total });
    const { values, curve } = await this.#withEvaluator(task, options, circuit.directTested, async (evaluator) => {
      const ends = await evaluator.evaluate(circuits, [...new Set<MetricName>([metric, 'logit-diff'])]);
      passed(circuits.length);
      return {
        values: ends,
        curve: await faithfulnessCurve(evaluator, circuit, { model: initial, empty }, () => passed()),
      };
    });
    const behaviour = await inspectNodes(this.#weights, this.topology, task.pairs, writersOf(circuit), {
      input: options.input,
      budget: this.#budget,
    });
    passed();
    const [whole, found, none] = values.map((perMetric) => perMetric[metric]!);
    const logitDifference = values[0]!['logit-diff']!.map((loss) => -loss);
    return circuitDetails(
      circuit,
      task,
      { whole: whole!, circuit: found!, empty: none!, logitDifference },
      behaviour,
      { edges: promptEffects, curve, model: this.model.hash, metric },
      options.tokenText ?? ((id) => `#${id}`),
    );
  }

  dispose(): void {
    this.#weights.dispose();
  }

  async #evaluator(
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    batch = 1,
  ): Promise<PatchingEvaluator> {
    const { shape } = this.#plan(task, options, directEdges, batch);
    const meanSource = meanSourceOf(task, options);
    return PatchingEvaluator.create(this.#weights, this.topology, task.pairs, {
      ...options,
      shape,
      directEdges,
      meanSource,
    });
  }

  #plan(task: Task, options: EvaluationOptions, directEdges: boolean, batch: number): RunPlan {
    return planFor(this.model, this.topology, task.pairs, directEdges, this.gpu, {
      budget: this.#budget,
      circuits: batch,
      ablation: options.ablation,
      meanPairs: meanSourceOf(task, options).pairs,
    });
  }

  #setting(task: Task, options: ScoringOptions): ScoringSetting {
    const { adapter, tile } = this.gpu;
    return { model: this.model, task, topology: this.topology, options, adapter, tile };
  }

  async #withEvaluator<T>(
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    use: (evaluator: PatchingEvaluator) => Promise<T>,
  ): Promise<T> {
    const evaluator = await this.#evaluator(task, options, directEdges);
    try {
      return await use(evaluator);
    } finally {
      evaluator.dispose();
    }
  }

  #refuseOtherShape(circuit: EdgeSet): void {
    const { layers, heads, parallel } = circuit.topology;
    const mine = this.topology;
    if (layers === mine.layers && heads === mine.heads && parallel === mine.parallel) return;
    const what = `is of a model of ${layers} layers x ${heads} heads, this one has ${mine.layers} x ${mine.heads}`;
    throw new EdgewiseError('circuit', 'the circuit', what);
  }

  #refuseOtherRun(task: Task, circuit: Circuit, metric: MetricName): void {
    this.#refuseOtherShape(circuit.kept);
    const { model, task: searched, prompts, metric: measured } = circuit.provenance!;
    const same =
      model.hash === this.model.hash &&
      searched.hash === task.hash &&
      prompts.count === task.pairs.length &&
      prompts.skip === task.skip &&
      measured === metric;
    if (!same) throw new EdgewiseError('circuit', 'the circuit', 'was found with another model, task or metric');
  }
}
