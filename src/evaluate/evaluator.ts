import { mean } from '../base/mean.js';
import type { Taps } from '../block/places.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { CircuitEvaluator, EvaluationCosts, PerPrompt } from '../circuit/evaluator.js';
import { LogitsReadout } from '../readout/logits-readout.js';
import type { Readout } from '../readout/part.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { ReadoutPart } from '../readout/parts.js';
import type { PassShape } from '../pass/pass-plan.js';
import { createScratch, type PassScratch } from '../pass/pass-frame.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { Arena } from '../gpu/arena.js';
import { StagingPool } from '../gpu/staging.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { bindBatches, type BoundBatch } from './bound-batches.js';
import { evaluationCosts } from './evaluation-costs.js';
import { assertEqualLengths, type MeanSource } from './mean-ablation.js';
import type { PatchOptions } from './options.js';
import { perPrompt } from './whole-answers.js';

export interface EvaluatorOptions extends PatchOptions {
  /** Metric of `metric` and `perPrompt`. */
  readonly metric: MetricName;
  /** Prompts per pass and circuits per pass; the sequence is the longest prompt's. */
  readonly shape: PassShape;
  /**
   * Circuits that share a submission at most. More than a pass takes go through several passes in one submission.
   * Default: as many as a pass takes.
   */
  readonly batch?: number;
  /** Prompts that mean ablation averages over; default: the clean prompts of the task. */
  readonly meanSource?: MeanSource;
  /** Whether circuits may cut direct edges; their ablated projections are then kept. */
  readonly directEdges: boolean;
  /**
   * Compute every node of every circuit anew, as if nothing were known of the one before: the same bits at the cost
   * of a forward pass per circuit. Default false.
   */
  readonly whole?: boolean;
}

/**
 * Evaluates circuits, any set of edges, one after the other or several in a submission. Of each circuit it computes
 * what differs from the one evaluated before: for ACDC's next test the edge's receiver and the surviving circuit
 * downstream of it, at the positions that can reach the metric and differ between the prompts (see PatchedPass). The
 * numbers do not depend on what was evaluated before, nor on how many circuits share a submission, nor on which.
 *
 * Prompts that do not fit a pass at once form micro-batches, each with a pass of its own that keeps its state.
 */
export class PatchingEvaluator implements CircuitEvaluator {
  readonly topology: Topology;
  readonly #weights: ModelWeights;
  readonly #options: EvaluatorOptions;
  readonly #arena: Arena;
  readonly #scratch: PassScratch;
  readonly #readout: LogitsReadout;
  readonly #staging: StagingPool;
  readonly #passes: PatchedPass[] = [];
  #pairs: readonly PromptPair[] = [];
  #batches: readonly BoundBatch[] = [];
  #costs: EvaluationCosts | undefined;

  static async create(
    weights: ModelWeights,
    topology: Topology,
    pairs: readonly PromptPair[],
    options: EvaluatorOptions,
  ): Promise<PatchingEvaluator> {
    const meanPairs = options.meanSource?.pairs ?? pairs;
    if (options.ablation === 'mean-positional') assertEqualLengths(pairs, meanPairs);
    const evaluator = new PatchingEvaluator(weights, topology, options);
    try {
      await evaluator.#bind(pairs, { pairs: meanPairs, side: options.meanSource?.side ?? 'clean' });
      return evaluator;
    } catch (error) {
      evaluator.dispose();
      throw error;
    }
  }

  private constructor(weights: ModelWeights, topology: Topology, options: EvaluatorOptions) {
    this.#weights = weights;
    this.topology = topology;
    this.#options = options;
    this.#arena = new Arena(weights.gpu);
    this.#scratch = createScratch(this.#arena, weights, topology, options.shape, options.input);
    this.#readout = new LogitsReadout(this.#scratch, this.#arena);
    this.#staging = new StagingPool(weights.gpu.buffers);
  }

  /** Circuits that share a submission at most: so many passes one after the other. */
  get most(): number {
    const { shape, batch = shape.circuits } = this.#options;
    return Math.max(batch, shape.circuits);
  }

  get costs(): EvaluationCosts {
    const { ablation, shape } = this.#options;
    return (this.#costs ??= evaluationCosts(this.topology, this.#weights.spec, this.#pairs, {
      resample: ablation === 'resample',
      circuits: shape.circuits,
    }));
  }

  async #bind(pairs: readonly PromptPair[], meanSource: MeanSource): Promise<void> {
    this.#pairs = pairs;
    const setting = {
      weights: this.#weights,
      topology: this.topology,
      arena: this.#arena,
      scratch: this.#scratch,
      readout: this.#readout,
      options: this.#options,
    };
    this.#batches = await bindBatches(setting, pairs, meanSource, this.#passes);
  }

  /** Metrics per prompt, in the order of the task: values[circuit][metric][prompt], in loss form. */
  async evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]> {
    const values = circuits.map(() => emptyValues(metrics));
    for (let first = 0; first < circuits.length; first += this.most) {
      const group = circuits.slice(first, first + this.most);
      await this.#run(group, metrics, values.slice(first));
    }
    return values.map((measured) => this.#perPrompt(measured));
  }

  #perPrompt(measured: PromptValues): PromptValues {
    const entries = Object.entries(measured) as [MetricName, number[]][];
    return Object.fromEntries(entries.map(([name, values]) => [name, perPrompt(this.#pairs, name, values)]));
  }

  /**
   * Runs one circuit whole on every micro-batch of clean prompts, and lets the caller read places of it. Cost: a
   * forward pass over the prompts. The next evaluation starts from the whole model again.
   *
   * @param observe is called before a pass is recorded: its taps, and what to read once it was submitted.
   */
  async observe<T>(circuit: EdgeSet, observe: (run: ObservedRun) => Observation<T>): Promise<T[]> {
    const results: T[] = [];
    for (const { batch, pass, clean } of this.#batches) {
      const arena = new Arena(this.#weights.gpu);
      try {
        const recording = this.#weights.gpu.record();
        const { taps, read } = observe({ arena, recording, pass, pairs: batch.pairs });
        pass.encodeWhole(recording, clean, circuit, { taps });
        recording.submit();
        results.push(await read());
      } finally {
        arena.dispose();
      }
    }
    return results;
  }

  async metric(circuit: EdgeSet): Promise<number> {
    return mean((await this.perPrompt([circuit]))[0]!);
  }

  async perPrompt(circuits: readonly EdgeSet[]): Promise<readonly PerPrompt[]> {
    const { metric } = this.#options;
    const values = await this.evaluate(circuits, [metric]);
    return values.map((perMetric) => perMetric[metric]!);
  }

  /** One submission per micro-batch, more where there is no room for all; all are queued before the first is read. */
  async #run(
    circuits: readonly EdgeSet[],
    metrics: readonly MetricName[],
    values: readonly PromptValues[],
  ): Promise<void> {
    const parts = new Set<ReadoutPart>(metrics.map((name) => METRICS[name].part));
    const readouts = await Promise.all(this.#batches.map((bound) => this.#submit(bound, circuits, parts)));
    this.#batches.forEach(({ batch }, i) => {
      circuits.forEach((_, c) => {
        batch.pairs.forEach((pair, n) => {
          for (const name of metrics) values[c]![name]!.push(METRICS[name].value(readouts[i]![c]![n]!, pair.correct));
        });
      });
    });
  }

  /** Submits the passes over circuits for one micro-batch. Returns the readouts of each circuit. */
  async #submit(
    { pass, clean, readout }: BoundBatch,
    circuits: readonly EdgeSet[],
    parts: ReadonlySet<ReadoutPart>,
  ): Promise<Readout[][]> {
    const { gpu } = this.#weights;
    const { shape, whole } = this.#options;
    const pending: Promise<Readout[][]>[] = [];
    let recording = gpu.record(this.#staging);
    let results: (() => Promise<Readout[][]>)[] = [];
    const submit = (): void => {
      recording.submit();
      for (const result of results) pending.push(result());
    };
    for (let first = 0; first < circuits.length; first += shape.circuits) {
      if (!pass.hasRoom(recording)) {
        submit();
        recording = gpu.record(this.#staging);
        results = [];
      }
      const group = circuits.slice(first, first + shape.circuits);
      pass.encode(recording, clean, group, whole);
      results.push(this.#readout.encode(recording, readout, group.length, parts));
    }
    submit();
    return (await Promise.all(pending)).flat();
  }

  dispose(): void {
    this.#arena.dispose();
    this.#staging.dispose();
    for (const pass of this.#passes) pass.dispose();
  }
}

/** A micro-batch of a run that is observed. */
export interface ObservedRun {
  /** Lives until the run is read. */
  readonly arena: Arena;
  readonly recording: Recording;
  readonly pass: PatchedPass;
  /** As they are measured: see measuredPairs. */
  readonly pairs: readonly PromptPair[];
}

export interface Observation<T> {
  readonly taps: Taps;
  readonly read: () => Promise<T>;
}

/** Values of each asked metric, one per prompt. */
export type PromptValues = Partial<Record<MetricName, number[]>>;

function emptyValues(metrics: readonly MetricName[]): PromptValues {
  return Object.fromEntries(metrics.map((name) => [name, []]));
}
