import { EdgewiseError } from '../base/errors.js';
import { candidateEdges, createCircuit, keptEdges, type Circuit, type Provenance } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { AttributionSettings, ScreeningRecord } from '../circuit/run-identity.js';
import type { Scores } from '../circuit/scores.js';
import { acdcOrder } from '../discover/acdc-order.js';
import { acdc, type AcdcAids, type AcdcResult } from '../discover/acdc.js';
import { exactEffects, type ExactEffects, type ExactProgress } from '../discover/exact.js';
import type { Journal } from '../discover/journal.js';
import { ALWAYS_REMOVED, type Predictor } from '../discover/look-ahead.js';
import { screen, type ScreenOptions } from '../discover/screen.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import type { TraceStep } from '../files/own/trace.js';
import type { LoadedModel } from '../model/load-model.js';
import type { PatchingEvaluator } from '../evaluate/evaluator.js';
import { runIdentity, type DiscoveryOptions } from './identity.js';
import type { Task } from '../task/types.js';
import { VERSION } from '../version.js';

export interface Discovery {
  readonly circuit: Circuit;
  readonly trace: readonly TraceStep[];
  /** Per kept edge that was tested, by name in the order of ids: its effect on every prompt. Their mean is the edge's effect. */
  readonly promptEffects: Readonly<Record<string, readonly number[]>>;
  /** Edges tested, kept, and in total to decide on. */
  readonly tested: number;
  readonly kept: number;
  readonly edges: number;
  /** Circuits evaluated: one per test that no journal and no neighbouring threshold held, and those made ahead in vain. */
  readonly evaluations: number;
  /** Metric (loss form) of the whole model, of the circuit and of the empty circuit. */
  readonly initial: number;
  readonly final: number;
  readonly empty: number;
  readonly faithfulness: number | null;
  /** From weights resident and pipelines compiled to the last decision, caches included. */
  readonly seconds: number;
}

/** A circuit that a search starts from, and how it came about. */
export interface SearchStart {
  readonly circuit: EdgeSet;
  readonly provenance: Partial<AttributionSettings> & {
    readonly method: string;
    readonly screening?: ScreeningRecord;
  };
}

/** What a run has at hand. */
export interface SearchSetting {
  readonly model: LoadedModel;
  readonly task: Task;
  readonly options: DiscoveryOptions;
  readonly evaluator: PatchingEvaluator;
  readonly adapter: string;
  readonly tile: string;
  /** Seconds that the caches took. */
  readonly preparation: number;
}

/**
 * A task's caches on the device, for searches at any number of thresholds and for exact effects. Searches build on one another: as
 * long as one decides as that at the nearest threshold did, it takes over its measurements, and beyond that its decisions serve
 * as guesses. Each gives what it would give alone.
 */
export class Search {
  readonly #setting: SearchSetting;
  readonly #found: { readonly threshold: number; readonly result: AcdcResult }[] = [];
  #empty: number | undefined;

  constructor(setting: SearchSetting) {
    this.#setting = setting;
  }

  /**
   * Prunes down to the circuit at a threshold; with a journal, from where an interrupted search was.
   *
   * @param from where to start, and what the provenance is to say of that; default: the whole model.
   */
  async at(threshold: number, aids: Omit<AcdcAids, 'neighbour'> = {}, from?: SearchStart): Promise<Discovery> {
    const { evaluator, options, preparation } = this.#setting;
    const { topology } = evaluator;
    const neighbour = from ? undefined : this.#nearest(threshold);
    const predict = neighbour ? decisionsOf(neighbour, aids.predict) : aids.predict;
    const start = performance.now();
    const result = await acdc(
      evaluator,
      from?.circuit ?? EdgeSet.full(topology),
      { ...options, threshold },
      { ...aids, ...(predict && { predict }), ...(neighbour && { neighbour }) },
    );
    const seconds = preparation + (performance.now() - start) / 1000;
    this.#refuseNonFinite(result.initial);
    if (!from) this.#found.push({ threshold, result });
    this.#empty ??= await evaluator.metric(EdgeSet.empty(topology));
    const empty = this.#empty;
    const initial = from ? await evaluator.metric(EdgeSet.full(topology)) : result.initial;
    const circuit = this.#toCircuit(threshold, { ...result, initial }, empty, from);
    return {
      circuit,
      trace: result.steps.map((step) => ({ ...step, edge: topology.edgeName(step.edge) })),
      promptEffects: Object.fromEntries(
        [...result.promptEffects]
          .sort(([a], [b]) => a - b)
          .map(([edge, effects]) => [topology.edgeName(edge), effects]),
      ),
      tested: result.steps.length,
      kept: keptEdges(circuit),
      edges: candidateEdges(circuit),
      evaluations: result.evaluations,
      initial,
      final: result.final,
      empty,
      faithfulness: faithfulness(result.final, initial, empty),
      seconds,
    };
  }

  /** The effect of cutting each edge alone, on every prompt. */
  exact(onProgress?: (progress: ExactProgress) => void, journal?: Journal): Promise<ExactEffects> {
    const { evaluator, options } = this.#setting;
    const receivers = acdcOrder(evaluator.topology, 'descending', options.directEdges);
    const edges = receivers.flatMap((receiver) => receiver.edges);
    return exactEffects(evaluator, evaluator.topology, edges, onProgress, journal);
  }

  /** Chooses where to start from the scores of all edges: see screen. */
  async screen(
    scores: Scores,
    options: Pick<ScreenOptions, 'cutoff' | 'retest'>,
    onProgress?: (progress: ExactProgress) => void,
    journal?: Journal,
  ): Promise<SearchStart> {
    const { evaluator } = this.#setting;
    const { directEdges } = this.#setting.options;
    const screened = await screen(evaluator, scores, { ...options, directEdges }, onProgress, journal);
    const { steps, stepRule, backwardRule, granularity, normalisation } = scores.provenance!;
    return {
      circuit: screened.start,
      provenance: {
        method: 'screened',
        steps,
        stepRule,
        backwardRule,
        granularity,
        normalisation,
        screening: screened.record,
      },
    };
  }

  dispose(): void {
    this.#setting.evaluator.dispose();
  }

  /** The result at the threshold with the smallest ratio to this one. */
  #nearest(threshold: number): AcdcResult | undefined {
    const distance = (other: number): number =>
      threshold > 0 && other > 0 ? Math.abs(Math.log(other / threshold)) : Math.abs(other - threshold);
    const [nearest] = [...this.#found].sort((a, b) => distance(a.threshold) - distance(b.threshold));
    return nearest?.result;
  }

  /** Weights with NaN or overflowing activations make every comparison meaningless. */
  #refuseNonFinite(metric: number): void {
    if (!Number.isFinite(metric)) throw nonFinite(this.#setting.model, this.#setting.options.metric, metric);
  }

  #toCircuit(threshold: number, result: AcdcResult, empty: number, from: SearchStart | undefined): Circuit {
    const { evaluator, options, model, task, adapter } = this.#setting;
    const { topology } = evaluator;
    const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
    const steps = new Int32Array(topology.edgeCount).fill(-1);
    let minMargin: Provenance['minMargin'] = null;
    for (const { step, edge, before, after } of result.steps) {
      effects[edge] = after - before;
      steps[edge] = step;
      const tested = options.absolute ? Math.abs(after - before) : after - before;
      const margin = Math.abs(tested - threshold);
      if (minMargin === null || margin < minMargin.margin) minMargin = { margin, edge: topology.edgeName(edge) };
    }
    const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return createCircuit({
      topology,
      width: model.spec.width,
      kept: result.kept,
      effects,
      steps,
      untestedRemovals: result.untestedRemovals,
      directTested: options.directEdges,
      provenance: {
        ...runIdentity(model, task, { ...options, threshold }),
        ...from?.provenance,
        engineVersion: VERSION,
        signConvention: SIGN_CONVENTION,
        order: RECEIVER_ORDER,
        adapter,
        tile: this.#setting.tile,
        metrics: { initial: finite(result.initial), final: finite(result.final), empty: finite(empty) },
        faithfulness: faithfulness(result.final, result.initial, empty),
        minMargin: minMargin !== null && Number.isFinite(minMargin.margin) ? minMargin : null,
      },
    });
  }
}

/** @param quantity that cannot be but finite: a metric, a score. */
export function nonFinite({ name }: LoadedModel, quantity: string, value: number): EdgewiseError {
  const what = `the ${quantity} of the whole model is ${value} on the clean prompts: the weights hold NaN or overflow f32`;
  return new EdgewiseError('checkpoint', name, what);
}

/** What a search at another threshold decided; of edges that it did not come to, what is guessed otherwise. */
function decisionsOf({ steps }: AcdcResult, otherwise: Predictor = ALWAYS_REMOVED): Predictor {
  const removed = new Map(steps.map(({ edge, kept }) => [edge, !kept]));
  return (edge) => removed.get(edge) ?? otherwise(edge);
}

export const SIGN_CONVENTION =
  'effect = metric without the edge - metric with it, metric in loss form: positive = the edge helps';
const RECEIVER_ORDER = 'receivers from the logits back, senders from the nearest layer back';
