import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { PerPrompt, RemovalEvaluator } from '../discover/ports.js';
import { LogitsReadout, type BoundReadout } from '../exec/logits-readout.js';
import { METRICS, type MetricName, type ReadoutPart } from '../exec/metrics.js';
import type { PassShape } from '../exec/pass-plan.js';
import type { BoundPass } from '../exec/input-operations.js';
import { PatchedPass } from '../exec/patched-pass.js';
import { Arena, sliceOf } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { assertEqualLengths, fillMeans, writersOfFirstCircuit, type MeanSource } from './mean-ablation.js';
import type { PatchOptions } from './options.js';
import { uploadPrompts, type PromptBatch } from './prompt-batch.js';

export interface PlainOptions extends PatchOptions {
  /** Metric of `metric`, `perPrompt` and `withoutPrefixes`. */
  readonly metric: MetricName;
  /** Prompts per pass and circuits per pass; the sequence is the longest prompt's. */
  readonly shape: PassShape;
  /** Prompts that mean ablation averages over; default: the clean prompts of the task. */
  readonly meanSource?: MeanSource;
  /** Whether circuits may cut direct edges; their ablated projections are then kept. */
  readonly directEdges: boolean;
}

interface BoundBatch {
  readonly batch: PromptBatch;
  readonly clean: BoundPass;
  readonly readout: BoundReadout;
}

/**
 * The plain evaluator: one full patched forward pass per circuit, for any set of edges. Several circuits share a
 * submission; prompts that do not fit a pass at once go through it in turn.
 *
 * Also measures the clean and the corrupted run, which need no cut edge: corruptedMetric runs the corrupted tokens through
 * the whole model, and for resample ablation equals the metric of the empty circuit.
 */
export class PlainEvaluator implements RemovalEvaluator {
  readonly topology: Topology;
  readonly #weights: ModelWeights;
  readonly #options: PlainOptions;
  readonly #arena: Arena;
  readonly #pass: PatchedPass;
  readonly #readout: LogitsReadout;
  #batches: readonly BoundBatch[] = [];
  #corrupted: readonly BoundPass[] = [];

  static async create(
    weights: ModelWeights,
    topology: Topology,
    pairs: readonly PromptPair[],
    options: PlainOptions,
  ): Promise<PlainEvaluator> {
    const meanPairs = options.meanSource?.pairs ?? pairs;
    if (options.ablation === 'mean-positional') assertEqualLengths(pairs, meanPairs);
    const pass = await PatchedPass.create(weights, topology, options.shape, options.input === 'token+position');
    const arena = new Arena(weights.gpu);
    try {
      const readout = new LogitsReadout(pass, weights, arena);
      const evaluator = new PlainEvaluator(weights, topology, options, pass, readout, arena);
      await evaluator.#prepare(pairs, { pairs: meanPairs, side: options.meanSource?.side ?? 'clean' });
      return evaluator;
    } catch (error) {
      arena.dispose();
      pass.dispose();
      throw error;
    }
  }

  private constructor(
    weights: ModelWeights,
    topology: Topology,
    options: PlainOptions,
    pass: PatchedPass,
    readout: LogitsReadout,
    arena: Arena,
  ) {
    this.#weights = weights;
    this.topology = topology;
    this.#options = options;
    this.#pass = pass;
    this.#readout = readout;
    this.#arena = arena;
  }

  async #prepare(pairs: readonly PromptPair[], meanSource: MeanSource): Promise<void> {
    const { shape, ablation, directEdges } = this.#options;
    const arena = this.#arena;
    const batches = uploadPrompts(arena, this.#weights, this.topology, shape, pairs, directEdges);
    this.#batches = await Promise.all(
      batches.map(async (batch) => ({
        batch,
        clean: await this.#pass.bind(arena, batch.clean),
        readout: await this.#readout.bind(arena, batch.reference, [
          ...batch.pairs,
          ...Array.from({ length: shape.prompts - batch.pairs.length }, () => ({ correct: [], wrong: [] })),
        ]),
      })),
    );
    this.#corrupted = await Promise.all(batches.map((batch) => this.#pass.bind(arena, batch.corrupted)));
    await this.#fillAblated(batches, ablation, meanSource);
    this.#fillReferences();
    if (directEdges) this.#fillAblatedPorts();
  }

  /** Zero ablation needs nothing: tensors start as zeros. */
  async #fillAblated(
    batches: readonly PromptBatch[],
    ablation: PlainOptions['ablation'],
    source: MeanSource,
  ): Promise<void> {
    if (ablation === 'resample') {
      batches.forEach((batch, i) => {
        const recording = this.#weights.gpu.record();
        this.#pass.encode(recording, this.#corrupted[i]!, [EdgeSet.full(this.topology)]);
        recording.copy(writersOfFirstCircuit(this.#pass, this.topology.writers.length), batch.ablated);
        recording.submit();
      });
    } else if (ablation !== 'zero') {
      const positional = ablation === 'mean-positional';
      await fillMeans(this.#pass, this.#weights, this.topology, batches, source, positional);
    }
  }

  #fillReferences(): void {
    for (const { batch, clean, readout } of this.#batches) {
      const recording = this.#weights.gpu.record();
      this.#pass.encode(recording, clean, [EdgeSet.full(this.topology)]);
      this.#readout.encodeLogits(recording, readout, 1);
      this.#readout.encodeLogProbs(recording, readout, 1);
      const size = batch.reference.shape.reduce((product, n) => product * n, 1);
      recording.copy(sliceOf(this.#pass.tensors.logits, 0, size), batch.reference);
      recording.submit();
    }
  }

  /** A cut direct edge carries the projection of a pass in which every writer is at its ablation value. */
  #fillAblatedPorts(): void {
    for (const { batch, clean } of this.#batches) {
      const recording = this.#weights.gpu.record();
      this.#pass.encode(recording, clean, [EdgeSet.empty(this.topology)], { ports: batch.ablatedPorts! });
      recording.submit();
    }
  }

  /** Metrics per prompt, in the order of the task: values[circuit][metric][prompt], in loss form. */
  async evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]> {
    const values = circuits.map(() => emptyValues(metrics));
    for (let first = 0; first < circuits.length; first += this.#options.shape.circuits) {
      const group = circuits.slice(first, first + this.#options.shape.circuits);
      await this.#run(
        this.#batches.map((bound) => bound.clean),
        group,
        metrics,
        values.slice(first),
      );
    }
    return values;
  }

  /** Metrics of the whole model on the corrupted prompts: values[metric][prompt]. */
  async evaluateCorrupted(metrics: readonly MetricName[]): Promise<PromptValues> {
    const values = emptyValues(metrics);
    await this.#run(this.#corrupted, [EdgeSet.full(this.topology)], metrics, [values]);
    return values;
  }

  async metric(circuit: EdgeSet): Promise<number> {
    return mean(await this.perPrompt(circuit));
  }

  async perPrompt(circuit: EdgeSet): Promise<PerPrompt> {
    const [values] = await this.evaluate([circuit], [this.#options.metric]);
    return values![this.#options.metric]!;
  }

  async withoutPrefixes(current: EdgeSet, candidates: readonly number[]): Promise<readonly PerPrompt[]> {
    const circuits: EdgeSet[] = [];
    let circuit = current;
    for (const id of candidates.slice(0, this.#options.shape.circuits)) {
      circuit = circuit.without(id);
      circuits.push(circuit);
    }
    const values = await this.evaluate(circuits, [this.#options.metric]);
    return values.map((perMetric) => perMetric[this.#options.metric]!);
  }

  /** One submission per micro-batch; all are queued before the first is waited for. */
  async #run(
    passes: readonly BoundPass[],
    circuits: readonly EdgeSet[],
    metrics: readonly MetricName[],
    values: readonly PromptValues[],
  ): Promise<void> {
    const parts = new Set<ReadoutPart>(metrics.map((name) => METRICS[name].part));
    const pending = this.#batches.map(({ readout }, i) => {
      const recording = this.#weights.gpu.record();
      this.#pass.encode(recording, passes[i]!, circuits);
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
    this.#pass.dispose();
  }
}

/** Values of each asked metric, one per prompt. */
export type PromptValues = Partial<Record<MetricName, number[]>>;

function emptyValues(metrics: readonly MetricName[]): PromptValues {
  return Object.fromEntries(metrics.map((name) => [name, []]));
}
