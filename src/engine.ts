import { EdgewiseError } from './base/errors.js';
import { mean } from './base/mean.js';
import { candidateEdges, createCircuit, keptEdges, type Circuit, type Provenance } from './circuit/circuit.js';
import type { CircuitDetails } from './circuit/details.js';
import { EdgeSet } from './circuit/edge-set.js';
import type { RunIdentity } from './circuit/run-identity.js';
import { Topology } from './circuit/topology.js';
import { runSelfTest } from './check/self-test.js';
import { acdc, type AcdcJournal, type AcdcOptions, type AcdcProgress, type AcdcResult } from './discover/acdc.js';
import { curveSizes, faithfulnessCurve } from './evaluate/curve.js';
import { faithfulness } from './evaluate/faithfulness.js';
import { randomCircuitLike } from './evaluate/random-circuit.js';
import type { TraceStep } from './export/trace.js';
import type { Tuning } from './exec/choose-tile.js';
import { measureTuning } from './exec/measure-tuning.js';
import { METRICS, type MetricName } from './exec/metrics.js';
import { Gpu } from './gpu/gpu.js';
import { circuitDetails, writersOf, type TokenText } from './inspect/circuit-details.js';
import { inspectNodes } from './inspect/inspect-nodes.js';
import { layoutOf } from './model/layout.js';
import type { LoadedModel } from './model/load-model.js';
import { uploadWeights, type ModelWeights } from './model/weights.js';
import type { PatchOptions } from './patch/options.js';
import { PlainEvaluator, type PromptValues } from './patch/plain.js';
import type { MeanSource } from './patch/mean-ablation.js';
import { checkPrompts } from './patch/prompt-check.js';
import { DEFAULT_BUDGET, planRun, type RunLimits, type RunPlan } from './patch/run-plan.js';
import { requireAnswers } from './task/load-task.js';
import type { Task } from './task/types.js';
import { VERSION } from './version.js';

export interface EngineOptions {
  readonly device: GPUDevice;
  /** Name of the adapter, for provenance. */
  readonly adapter: string;
  readonly model: LoadedModel;
  /** Most bytes for activations and caches; default 4 GB. */
  readonly memoryBudget?: number;
  /** What suits the device, as an earlier engine had it (`engine.tuning`); default: it is measured, in about a second. */
  readonly tuning?: Tuning;
}

/** What a mean ablation averages over: a side of the task's own prompts, or the clean prompts of another task. */
export type MeanOver = 'clean' | 'corrupted' | Task;

export interface EvaluationOptions extends PatchOptions {
  readonly metric: MetricName;
  /** Default `clean`; used by the mean ablations only. */
  readonly meanOver?: MeanOver;
}

export type DiscoveryOptions = EvaluationOptions & AcdcOptions;

export interface Discovery {
  readonly circuit: Circuit;
  readonly trace: readonly TraceStep[];
  /** Per kept edge that was tested, by name in the order of ids: its effect on every prompt. Their mean is the edge's effect. */
  readonly promptEffects: Readonly<Record<string, readonly number[]>>;
  /** Edges tested, kept, and in total to decide on. */
  readonly tested: number;
  readonly kept: number;
  readonly edges: number;
  /** Metric (loss form) of the whole model, of the circuit and of the empty circuit. */
  readonly initial: number;
  readonly final: number;
  readonly empty: number;
  readonly faithfulness: number | null;
  /** From weights resident and pipelines compiled to the last decision. */
  readonly seconds: number;
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
    const { device, adapter, model } = options;
    const tuning = options.tuning ?? (await measureTuning(new Gpu(device, adapter)));
    const gpu = new Gpu(device, adapter, undefined, tuning.tile);
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

  /** Prunes the whole model down to a circuit of the task; with a journal, from where an interrupted search was. */
  async discover(
    task: Task,
    options: DiscoveryOptions,
    onProgress?: (progress: AcdcProgress) => void,
    journal?: AcdcJournal,
  ): Promise<Discovery> {
    checkRun(this.model, task, options);
    const full = EdgeSet.full(this.topology);
    // One pass compiles every pipeline, so that `seconds` measures the search and not the driver's compiler.
    const whole = await this.#withEvaluator(task, options, options.directEdges, (evaluator) => evaluator.metric(full));
    this.#refuseNonFinite(whole, options.metric);
    const start = performance.now();
    return this.#withEvaluator(task, options, options.directEdges, async (evaluator) => {
      const result = await acdc(evaluator, full, options, onProgress, journal);
      const seconds = (performance.now() - start) / 1000;
      const empty = await evaluator.metric(EdgeSet.empty(this.topology));
      const circuit = this.#toCircuit(task, options, result, empty);
      return {
        circuit,
        trace: result.steps.map((step) => ({ ...step, edge: this.topology.edgeName(step.edge) })),
        promptEffects: Object.fromEntries(
          [...result.promptEffects]
            .sort(([a], [b]) => a - b)
            .map(([edge, effects]) => [this.topology.edgeName(edge), effects]),
        ),
        tested: result.steps.length,
        kept: keptEdges(circuit),
        edges: candidateEdges(circuit),
        initial: result.initial,
        final: result.final,
        empty,
        faithfulness: faithfulness(result.final, result.initial, empty),
        seconds,
      };
    });
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
    this.#refuseNonFinite(mean(values[0]!.kl!), 'kl');
    this.#refuseNonFinite(clean!, options.metric);
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
    discovery: Discovery,
    options: InspectionOptions,
    onProgress: (progress: InspectionProgress) => void = () => {},
  ): Promise<CircuitDetails> {
    checkRun(this.model, task, options);
    const { circuit, initial, empty, promptEffects } = discovery;
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
      positionsInInput: options.input === 'token+position',
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

  async #withEvaluator<T>(
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    use: (evaluator: PlainEvaluator) => Promise<T>,
  ): Promise<T> {
    const meanSource = meanSourceOf(task, options);
    const longest = [...task.pairs, ...meanSource.pairs];
    const plan = planFor(this.model, this.topology, longest, directEdges, this.gpu, {
      prompts: task.pairs.length,
      budget: this.#budget,
    });
    const evaluator = await PlainEvaluator.create(this.#weights, this.topology, task.pairs, {
      ...options,
      shape: plan.shape,
      directEdges,
      meanSource,
    });
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

  /** Weights with NaN or overflowing activations make every comparison meaningless. */
  #refuseNonFinite(metric: number, name: MetricName): void {
    if (Number.isFinite(metric)) return;
    const what = `the ${name} of the whole model is ${metric} on the clean prompts: the weights hold NaN or overflow f32`;
    throw new EdgewiseError('checkpoint', this.model.name, what);
  }

  #toCircuit(task: Task, options: DiscoveryOptions, result: AcdcResult, empty: number): Circuit {
    const { topology } = this;
    const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
    const steps = new Int32Array(topology.edgeCount).fill(-1);
    let minMargin: Provenance['minMargin'] = null;
    for (const { step, edge, before, after } of result.steps) {
      effects[edge] = after - before;
      steps[edge] = step;
      const tested = options.absolute ? Math.abs(after - before) : after - before;
      const margin = Math.abs(tested - options.threshold);
      if (minMargin === null || margin < minMargin.margin) minMargin = { margin, edge: topology.edgeName(edge) };
    }
    const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return createCircuit({
      topology,
      width: this.model.spec.width,
      kept: result.kept,
      effects,
      steps,
      untestedRemovals: result.untestedRemovals,
      directTested: options.directEdges,
      provenance: {
        ...runIdentity(this.model, task, options),
        engineVersion: VERSION,
        signConvention: SIGN_CONVENTION,
        order: RECEIVER_ORDER,
        adapter: this.gpu.adapter,
        tile: this.gpu.tile,
        metrics: { initial: finite(result.initial), final: finite(result.final), empty: finite(empty) },
        faithfulness: faithfulness(result.final, result.initial, empty),
        minMargin: minMargin !== null && Number.isFinite(minMargin.margin) ? minMargin : null,
      },
    });
  }
}

const SIGN_CONVENTION =
  'effect = metric without the edge - metric with it, metric in loss form: positive = the edge helps';
const RECEIVER_ORDER = 'receivers from the logits back, senders from the nearest layer back';

/** What identifies a run, as it goes into the provenance; known before anything is computed. */
export function runIdentity(model: LoadedModel, task: Task, options: DiscoveryOptions): RunIdentity {
  const { ablation, meanOver = 'clean', input, metric, threshold, absolute, directEdges, senderHeads } = options;
  const meanName = typeof meanOver === 'string' ? meanOver : meanOver.hash;
  return {
    method: 'acdc',
    model: { name: model.name, hash: model.hash, family: model.spec.family },
    tokenizer: task.tokenizer?.hash ?? null,
    task: { name: task.name, hash: task.hash },
    prompts: { count: task.pairs.length, skip: task.skip },
    bos: task.tokenizer?.bos ?? 'auto',
    ablation,
    meanOver: ablation.startsWith('mean') ? meanName : null,
    input,
    metric,
    threshold,
    absolute,
    directEdges,
    senderHeads,
    seed: null,
  };
}

/**
 * Finds mistakes in what a run is asked to do before a device is needed: answers that the metric uses, token ids, lengths,
 * positions, and what a mean would be taken over. `discover` and `evaluate` call it themselves.
 *
 * @throws EdgewiseError of kind task.
 */
export function checkRun(model: LoadedModel, task: Task, options: EvaluationOptions): void {
  requireAnswers(task, METRICS[options.metric].needs);
  checkPrompts(model.spec, task.pairs, meanSourceOf(task, options), options.ablation);
}

function meanSourceOf(task: Task, { ablation, meanOver = 'clean' }: EvaluationOptions): MeanSource {
  if (!ablation.startsWith('mean') || typeof meanOver === 'string') {
    return { pairs: task.pairs, side: meanOver === 'corrupted' ? 'corrupted' : 'clean' };
  }
  return { pairs: meanOver.pairs, side: 'clean' };
}

export function topologyOf(model: LoadedModel): Topology {
  const { layers, heads, block } = model.spec;
  return new Topology({ layers, heads, parallel: block !== 'sequential' });
}

/** The memory plan of a run over these prompts. */
export function planFor(
  model: LoadedModel,
  topology: Topology,
  pairs: readonly { readonly clean: readonly number[] }[],
  directEdges: boolean,
  limits: Pick<RunLimits, 'maxBinding' | 'maxWorkgroups'>,
  { prompts = pairs.length, budget = DEFAULT_BUDGET } = {},
): RunPlan {
  if (prompts === 0) throw new EdgewiseError('task', 'prompts', 'there are none');
  const sequence = pairs.reduce((longest, pair) => Math.max(longest, pair.clean.length), 0);
  const size = { prompts, sequence, directEdges, circuits: 1 };
  return planRun(topology, layoutOf(model.spec), size, {
    maxBinding: limits.maxBinding,
    maxWorkgroups: limits.maxWorkgroups,
    budget,
  });
}
