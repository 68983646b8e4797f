import { finiteOrNull } from '../base/finite-or-null.js';
import { candidateEdges, createCircuit, keptEdges, type Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Scores } from '../circuit/scores.js';
import { acdcOrder } from '../discover/acdc-order.js';
import { acdc, type AcdcAids, type AcdcResult } from '../discover/acdc.js';
import { exactEffects, type ExactEffects, type ExactProgress } from '../discover/exact.js';
import type { Journal } from '../discover/journal.js';
import { NO_HINT, SURE, type Hint } from '../discover/guesses.js';
import { screen, type ScreenOptions } from '../discover/screen.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import { smallerCircuit } from '../evaluate/smaller-circuit.js';
import { measureEdges, type MeasuredEdges, type MeasuringProgress } from '../evaluate/measured-edges.js';
import type { Discovery } from './discovery.js';
import { measuredOtherwise } from './identity.js';
import { foundCircuit } from './found-circuit.js';
import { Lifetime } from './lifetime.js';
import type { SearchSetting, SearchStart } from './search-setting.js';
import { refuseNonFinite } from './non-finite.js';
import type { SearchOptions } from './options.js';

/**
 * A task's caches on the device, for searches at any number of thresholds and for exact effects.
 *
 * Searches build on one another. A search takes over the measurements of the search at the nearest threshold, up to the
 * first decision in which the two differ. After that the earlier decisions serve as guesses. Each search gives what it
 * gives alone.
 */
export class Search {
  readonly #setting: SearchSetting;
  readonly #lifetime = new Lifetime('Search', 'was disposed of; prepare another one');
  readonly #found: { readonly options: SearchOptions; readonly result: AcdcResult }[] = [];
  /** Metric of the empty circuit, and of the whole model, once they are known. */
  #empty: number | undefined;
  #whole: number | undefined;

  constructor(setting: SearchSetting) {
    this.#setting = setting;
  }

  /**
   * Prunes down to the circuit at a threshold. With a journal, an interrupted search goes on.
   *
   * @param from where to start. Default: the whole model.
   * @throws EdgewiseError: usage where the journal is of another search, checkpoint where the model measures NaN.
   */
  at(options: SearchOptions, aids: Omit<AcdcAids, 'neighbour'> = {}, from?: SearchStart): Promise<Discovery> {
    return this.#during(() => this.#search(options, aids, from));
  }

  async #search(
    options: SearchOptions,
    aids: Omit<AcdcAids, 'neighbour'>,
    from: SearchStart | undefined,
  ): Promise<Discovery> {
    const { model, evaluator, caches, preparation } = this.#setting;
    const { directEdges } = caches;
    const { topology } = evaluator;
    const neighbour = from ? undefined : this.#nearest(options);
    const hint = neighbour ? decisionsOf(neighbour, aids.hint) : aids.hint;
    const start = performance.now();
    const result = await acdc(
      evaluator,
      from?.circuit ?? EdgeSet.full(topology),
      { ...options, directEdges },
      { ...aids, ...(hint && { hint }), ...(neighbour && { neighbour }) },
    );
    const seconds = preparation + (performance.now() - start) / 1000;
    await refuseNonFinite(model, caches.metric, result.initial);
    if (!from) this.#found.push({ options, result });
    this.#empty ??= await evaluator.metric(EdgeSet.empty(topology));
    const empty = this.#empty;
    const initial = from ? await evaluator.metric(EdgeSet.full(topology)) : result.initial;
    const circuit = foundCircuit(this.#setting, options, { ...result, initial }, empty, from);
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
      rounds: result.rounds,
      wrongGuesses: result.wrongGuesses,
      initial,
      final: result.final,
      empty,
      faithfulness: faithfulness(result.final, initial, empty),
      scores: null,
      selection: null,
      screening: null,
      seconds,
    };
  }

  /** The effect of cutting each edge alone, on every prompt. */
  exact(onProgress?: (progress: ExactProgress) => void, journal?: Journal): Promise<ExactEffects> {
    const { evaluator, caches } = this.#setting;
    const receivers = acdcOrder(evaluator.topology, 'descending', caches.directEdges);
    const edges = receivers.flatMap((receiver) => receiver.edges);
    return this.#during(() => exactEffects(evaluator, EdgeSet.full(evaluator.topology), edges, onProgress, journal));
  }

  /** Chooses from the scores of all edges where a search is to start: see `screen` of discover/. */
  async screen(
    scores: Scores,
    options: Pick<ScreenOptions, 'cutoff' | 'retest'>,
    onProgress?: (progress: ExactProgress) => void,
    journal?: Journal,
  ): Promise<SearchStart> {
    const { evaluator, caches } = this.#setting;
    const { directEdges } = caches;
    const screened = await this.#during(() =>
      screen(evaluator, scores, { ...options, directEdges }, onProgress, journal),
    );
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

  /**
   * What each kept edge is worth in a circuit: see `measureEdges` of evaluate/. The result says what it was measured
   * with where the circuit's provenance does not.
   */
  async measureEdges(
    circuit: Circuit,
    dropIdle: boolean,
    onProgress?: (progress: MeasuringProgress) => void,
  ): Promise<MeasuredEdges> {
    const { evaluator, caches, model, task } = this.#setting;
    const { ablation } = caches;
    const measured = await this.#during(() => measureEdges(evaluator, circuit, { ablation, dropIdle }, onProgress));
    const measuredWith = measuredOtherwise(model, task, caches, circuit.provenance);
    if (!measuredWith) return measured;
    const inCircuit = { ...measured.circuit.inCircuit!, measuredWith };
    return { ...measured, circuit: createCircuit({ ...measured.circuit, inCircuit }) };
  }

  /** Faithfulness of the circuit with these edges. */
  async faithfulness(kept: EdgeSet): Promise<number | null> {
    return (await this.#measured(kept)).faithfulness;
  }

  /**
   * The smallest circuit that stays as faithful as wanted, of those that the curve of a found circuit goes through: its
   * edges enter by what they are worth in it.
   *
   * Cost: an evaluation per kept edge, and two per point of the curve.
   *
   * @param discovery a circuit that is as faithful as wanted.
   */
  async trim(
    discovery: Discovery,
    wanted: number,
    onProgress?: (progress: MeasuringProgress) => void,
  ): Promise<Discovery> {
    const start = performance.now();
    const { evaluations, circuit } = await this.#during(() =>
      smallerCircuit(this.#setting.evaluator, discovery.circuit, wanted, this.#setting.caches.ablation, onProgress),
    );
    const { kept } = circuit;
    const { final, faithfulness: reached } = await this.#measured(kept);
    const { provenance } = circuit;
    const trimmed: Circuit = {
      ...circuit,
      provenance: {
        ...provenance!,
        metrics: { ...provenance!.metrics, final: finiteOrNull(final) },
        faithfulness: reached,
        trimmed: { faithfulness: wanted, found: discovery.kept },
      },
    };
    const names = new Set([...kept].map((id) => kept.topology.edgeName(id)));
    return {
      ...discovery,
      circuit: trimmed,
      kept: keptEdges(trimmed),
      final,
      faithfulness: reached,
      promptEffects: Object.fromEntries(Object.entries(discovery.promptEffects).filter(([name]) => names.has(name))),
      evaluations: discovery.evaluations + evaluations + 1,
      seconds: discovery.seconds + (performance.now() - start) / 1000,
    };
  }

  async #measured(kept: EdgeSet): Promise<{ readonly final: number; readonly faithfulness: number | null }> {
    const { evaluator } = this.#setting;
    return this.#during(async () => {
      const model = (this.#whole ??= await evaluator.metric(EdgeSet.full(evaluator.topology)));
      const empty = (this.#empty ??= await evaluator.metric(EdgeSet.empty(evaluator.topology)));
      const final = await evaluator.metric(kept);
      return { final, faithfulness: faithfulness(final, model, empty) };
    });
  }

  /** Frees the caches. Every later call says so. Disposing again does no harm. */
  dispose(): void {
    if (!this.#lifetime.end()) this.#setting.evaluator.dispose();
  }

  /** Runs `use` while the engine and the caches are there. */
  #during<T>(use: () => Promise<T>): Promise<T> {
    const { engine = this.#lifetime } = this.#setting;
    return engine.during(() => this.#lifetime.during(use));
  }

  /** Of the searches that differ in the threshold alone, the one with the smallest ratio of thresholds. */
  #nearest({ threshold, absolute, senderHeads }: SearchOptions): AcdcResult | undefined {
    const distance = ({ options: { threshold: other } }: { readonly options: SearchOptions }): number =>
      threshold > 0 && other > 0 ? Math.abs(Math.log(other / threshold)) : Math.abs(other - threshold);
    const [nearest] = this.#found
      .filter(({ options }) => options.absolute === absolute && options.senderHeads === senderHeads)
      .sort((a, b) => distance(a) - distance(b));
    return nearest?.result;
  }
}

/** Expects what a search at another threshold decided; of edges that it did not test, what `otherwise` expects. */
function decisionsOf({ steps }: AcdcResult, otherwise: Hint = NO_HINT): Hint {
  const known = new Map(steps.map(({ edge, kept }) => [edge, kept ? SURE : -SURE]));
  return (edge) => known.get(edge) ?? otherwise(edge);
}
