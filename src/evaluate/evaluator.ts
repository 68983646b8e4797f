import { mean } from '../base/mean.js';
import type { Taps } from '../block/places.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { CircuitEvaluator, EvaluationCosts, PerPrompt } from '../circuit/evaluator.js';
import { LogitsReadout, type BoundReadout } from '../readout/logits-readout.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { ReadoutPart } from '../readout/parts.js';
import type { PassShape } from '../pass/pass-plan.js';
import type { BoundPass } from '../pass/pass-inputs.js';
import { createScratch, type PassScratch } from '../pass/pass-frame.js';
import { PatchedPass } from '../pass/patched-pass.js';
import { Arena, sliceOf } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { evaluationCosts } from './evaluation-costs.js';
import { fillMeans } from './fill-means.js';
import { assertEqualLengths, type MeanSource } from './mean-ablation.js';
import type { PatchOptions } from './options.js';
import { rowLists } from '../pass/row-lists.js';
import { uploadIds, uploadPrompts, type PromptBatch } from './prompt-batch.js';
import { measuredPairs, perPrompt } from './whole-answers.js';

export interface EvaluatorOptions extends PatchOptions {
  /** Metric of `metric` and `perPrompt`. */
  readonly metric: MetricName;
  /** Prompts per pass and circuits per pass; the sequence is the longest prompt's. */
  readonly shape: PassShape;
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

/** The prompts of a micro-batch, the pass that holds what it computed of them last, and what reads its end. */
interface BoundBatch {
  readonly batch: PromptBatch;
  readonly pass: PatchedPass;
  readonly clean: BoundPass;
  readonly readout: BoundReadout;
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
      await evaluator.#prepare(pairs, { pairs: meanPairs, side: options.meanSource?.side ?? 'clean' });
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
  }

  /** Circuits that share a submission at most. */
  get most(): number {
    return this.#options.shape.circuits;
  }

  get costs(): EvaluationCosts {
    const { ablation, shape } = this.#options;
    return (this.#costs ??= evaluationCosts(this.topology, this.#weights.spec, this.#pairs, {
      resample: ablation === 'resample',
      circuits: shape.circuits,
    }));
  }

  async #prepare(pairs: readonly PromptPair[], meanSource: MeanSource): Promise<void> {
    const { shape, ablation, directEdges } = this.#options;
    const arena = this.#arena;
    const resample = ablation === 'resample';
    this.#pairs = pairs;
    const measured = measuredPairs(pairs);
    const batches = uploadPrompts(arena, this.#weights, this.topology, shape, measured, { directEdges, resample });
    const bound: BoundBatch[] = [];
    for (const batch of batches) {
      const pass = await PatchedPass.create(this.#scratch);
      this.#passes.push(pass);
      bound.push({
        batch,
        pass,
        clean: await pass.bind(arena, batch.clean),
        readout: await this.#readout.bind(arena, batch.reference, [
          ...batch.pairs,
          ...Array.from({ length: shape.prompts - batch.pairs.length }, () => ({ correct: [], wrong: [] })),
        ]),
      });
    }
    this.#batches = bound;
    await this.#fillAblated(meanSource);
    if (directEdges) this.#fillAblatedProjections();
    this.#fillReferences();
    await this.#replaceReferences();
  }

  /** Zero ablation needs nothing: tensors start as zeros. */
  async #fillAblated(source: MeanSource): Promise<void> {
    const { ablation } = this.#options;
    if (ablation === 'resample') {
      for (const { batch, pass } of this.#batches) {
        const recording = this.#weights.gpu.record();
        const corrupted = await pass.bind(this.#arena, batch.corrupted);
        pass.encodeWhole(recording, corrupted, EdgeSet.full(this.topology));
        recording.copy(pass.writers, batch.ablated);
        recording.submit();
      }
    } else if (ablation !== 'zero') {
      await fillMeans(this.#weights, this.#options.shape, this.#batches, source, ablation === 'mean-positional');
    }
  }

  /** A cut direct edge carries the projection of a pass in which every writer is at its ablation value. */
  #fillAblatedProjections(): void {
    for (const { batch, pass, clean } of this.#batches) {
      const recording = this.#weights.gpu.record();
      const to = batch.ablatedProjections!;
      // After the values, the queries and keys are there as well.
      const values = (layer: number): void => {
        const from = pass.projections(layer);
        recording.copy(from, sliceOf(to, layer * (from.size / 4), from.size / 4));
      };
      pass.encodeWhole(recording, clean, EdgeSet.empty(this.topology), { taps: { values } });
      recording.submit();
    }
  }

  /** The last of the preparations: every pass then holds the whole model on the clean prompts. */
  #fillReferences(): void {
    for (const { batch, pass, clean, readout } of this.#batches) {
      const recording = this.#weights.gpu.record();
      pass.encode(recording, clean, [EdgeSet.full(this.topology)]);
      this.#readout.encodeLogits(recording, readout, 1);
      this.#readout.encodeLogProbs(recording, readout, 1);
      const size = batch.reference.shape.reduce((product, n) => product * n, 1);
      recording.copy(sliceOf(this.#scratch.tensors.logits, 0, size), batch.reference);
      recording.submit();
    }
  }

  /**
   * Where prompts say so, the KL divergence compares with the predictions of the whole model on other prompts. Cost:
   * two forward passes over the prompts of such a batch.
   */
  async #replaceReferences(): Promise<void> {
    const { shape } = this.#options;
    const full = [EdgeSet.full(this.topology)];
    for (const { batch, pass, clean, readout } of this.#batches) {
      if (batch.pairs.every(({ reference }) => reference === undefined)) continue;
      const arena = new Arena(this.#weights.gpu);
      try {
        const pairs = batch.pairs.map(({ reference, ...pair }) => ({ ...pair, ...reference }));
        const rows = rowLists(
          shape,
          pairs.map(({ position }) => ({ position, firstDifference: 0 })),
        );
        const ids = uploadIds(arena, shape, pairs, 'clean');
        const other = await pass.bind(arena, { ...batch.clean, ids, rows, ablatedProjections: undefined });
        const recording = this.#weights.gpu.record();
        pass.encode(recording, other, full);
        this.#readout.encodeLogits(recording, readout, 1);
        this.#readout.encodeLogProbs(recording, readout, 1);
        const size = batch.reference.shape.reduce((product, n) => product * n, 1);
        recording.copy(sliceOf(this.#scratch.tensors.logits, 0, size), batch.reference);
        recording.submit();
        await this.#weights.gpu.finished();
        const back = this.#weights.gpu.record();
        pass.encode(back, clean, full);
        back.submit();
        await this.#weights.gpu.finished();
      } finally {
        arena.dispose();
      }
    }
  }

  /** Metrics per prompt, in the order of the task: values[circuit][metric][prompt], in loss form. */
  async evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]> {
    const values = circuits.map(() => emptyValues(metrics));
    for (let first = 0; first < circuits.length; first += this.#options.shape.circuits) {
      const group = circuits.slice(first, first + this.#options.shape.circuits);
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

  /** One submission per micro-batch; all are queued before the first is waited for. */
  async #run(
    circuits: readonly EdgeSet[],
    metrics: readonly MetricName[],
    values: readonly PromptValues[],
  ): Promise<void> {
    const parts = new Set<ReadoutPart>(metrics.map((name) => METRICS[name].part));
    const pending = this.#batches.map(({ pass, clean, readout }) => {
      const recording = this.#weights.gpu.record();
      pass.encode(recording, clean, circuits, this.#options.whole);
      const result = this.#readout.encode(recording, readout, circuits.length, parts);
      recording.submit();
      return result();
    });
    const readouts = await Promise.all(pending);
    this.#batches.forEach(({ batch }, i) => {
      circuits.forEach((_, c) => {
        batch.pairs.forEach((pair, n) => {
          for (const name of metrics) values[c]![name]!.push(METRICS[name].value(readouts[i]![c]![n]!, pair.correct));
        });
      });
    });
  }

  dispose(): void {
    this.#arena.dispose();
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
