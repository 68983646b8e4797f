import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import type { WorkProgress } from '../base/work-progress.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { SenderHeads } from '../circuit/run-identity.js';
import { acdcOrder } from './acdc-order.js';
import { firstState, nextState } from './acdc-walk.js';
import { assertAllMade, earlierTest, NO_JOURNAL, type Journal, type Measurement } from './journal.js';
import { Guesses, type Hint } from './guesses.js';
import { LookAhead, ROUND } from './look-ahead.js';
import { SearchWork } from './search-work.js';
import type { CircuitEvaluator, PerPrompt } from '../circuit/evaluator.js';

export interface AcdcOptions {
  /** An edge is removed iff its effect is strictly below this, in units of the metric. */
  readonly threshold: number;
  /** Test |effect| instead of the signed effect. */
  readonly absolute: boolean;
  readonly senderHeads: SenderHeads;
  /** Also test each head's direct edges; otherwise all of them are kept. */
  readonly directEdges: boolean;
}

/** One tested edge, with the metric of the circuit so far and the metric without the edge. */
export interface AcdcStep {
  readonly step: number;
  readonly edge: number;
  readonly before: number;
  readonly after: number;
  readonly kept: boolean;
}

export interface AcdcResult {
  readonly kept: EdgeSet;
  readonly steps: readonly AcdcStep[];
  /** Edges removed without a test, because nothing reads their receiver. */
  readonly untestedRemovals: readonly number[];
  /** Per kept edge that was tested, in the order of tests: its effect on every prompt. */
  readonly promptEffects: ReadonlyMap<number, PerPrompt>;
  /** What every test measured, in order. */
  readonly measurements: readonly Measurement[];
  /** Circuits evaluated: one per test, and circuits that were evaluated ahead in vain. */
  readonly evaluations: number;
  /** Rounds of tests that were made at once: one submission each, for every micro-batch of prompts. */
  readonly rounds: number;
  /** Guesses of decisions that were wrong. Each ended a round. */
  readonly wrongGuesses: number;
  /** Metric of the starting circuit and of the final one. */
  readonly initial: number;
  readonly final: number;
}

/** What a search can build on. None of it changes a decision. */
export interface AcdcAids {
  readonly onProgress?: (progress: AcdcProgress) => void;
  readonly journal?: Journal;
  /** What is expected of each edge, for guesses of decisions: several tests are made at once. Default: nothing. */
  readonly hint?: Hint;
  /**
   * The result of the same search at another threshold. Both test the same circuits up to the first decision in which
   * they differ. Up to there its measurements are taken over.
   */
  readonly neighbour?: Pick<AcdcResult, 'steps' | 'measurements'>;
}

export interface AcdcProgress {
  readonly tested: number;
  /** Tests that this run measured itself. Other tests were held by a journal or a neighbour. */
  readonly measured: number;
  readonly kept: number;
  /** Edges decided so far, tested or not, of `total`. */
  readonly decided: number;
  readonly total: number;
  /** Where the evaluator knows its costs. */
  readonly work?: WorkProgress;
}

/**
 * Automatic circuit discovery (Conmy et al. 2023, arXiv:2304.14997), test by test as its reference implementation
 * decides.
 *
 *  1. Start from `start` (the whole model) and its metric.
 *  2. Go through the receivers from the logits back, see acdcOrder.
 *  3. A receiver is dead if nothing reads it any more. All its edges go, untested.
 *  4. Otherwise test its edges one by one: effect = metric without the edge - metric so far. An effect below the
 *     threshold (strictly; NaN is not below) removes the edge for good, and the metric so far becomes the measured one.
 *
 * The effect is relative to the circuit at that moment, so small losses add up: see `final`.
 *
 * Several tests are made in one submission, on a guess of their decisions. Tests after the first wrong guess are thrown
 * away. Decisions and numbers are the same as one test after the other gives.
 *
 * @param start the circuit to start from, usually the whole model.
 *
 * @throws EdgewiseError of kind `usage` where the journal is of another search, or the threshold is no finite number.
 */
export async function acdc(
  evaluator: CircuitEvaluator,
  start: EdgeSet,
  options: AcdcOptions,
  { onProgress = () => {}, journal = NO_JOURNAL, hint, neighbour }: AcdcAids = {},
): Promise<AcdcResult> {
  if (!Number.isFinite(options.threshold)) {
    throw new EdgewiseError('usage', 'threshold', `expected a finite number, got ${options.threshold}`);
  }
  const topology = start.topology;
  const receivers = acdcOrder(topology, options.senderHeads, options.directEdges);
  const total = receivers.reduce((sum, receiver) => sum + receiver.edges.length, 0);
  const work = evaluator.costs && new SearchWork(topology, receivers, evaluator.costs);
  const guesses = new Guesses(topology, hint);
  const lookAhead = new LookAhead(receivers, evaluator.most, evaluator.round ?? ROUND, guesses);
  let values = (await evaluator.perPrompt([start]))[0]!;
  const initial = mean(values);
  const steps: AcdcStep[] = [];
  const measurements: Measurement[] = [];
  const promptEffects = new Map<number, PerPrompt>();
  let state = firstState(receivers, start);
  const untestedRemovals = [...state.untested];
  let metric = initial;
  let kept = 0;
  let evaluations = 0;
  let rounds = 0;
  let wrongGuesses = 0;
  let own = 0;
  let alike = neighbour !== undefined;

  while (state.edge !== undefined) {
    const earlier = earlierTest(journal, steps.length, state.edge, topology);
    const known = earlier ?? (alike ? neighbour!.measurements[steps.length] : undefined);
    const ahead = known ? [] : lookAhead.tests(state);
    const circuits = ahead.map((test) => test.state.circuit.without(test.state.edge!));
    const measured = known ? [known.without] : await evaluator.perPrompt(circuits);
    evaluations += ahead.length;
    if (!known) rounds++;
    for (const [i, without] of measured.entries()) {
      const edge: number = state.edge!;
      const after = mean(without);
      const effect = options.absolute ? Math.abs(after - metric) : after - metric;
      const removed = effect < options.threshold;
      if (alike) alike = neighbour!.steps[steps.length]?.kept === !removed;
      steps.push({ step: steps.length, edge, before: metric, after, kept: !removed });
      measurements.push({ edge, without });
      if (!earlier) journal.record({ edge, without });
      if (!known) own++;
      work?.decided(state, !removed, known === undefined);
      guesses.decided(edge, removed);
      if (removed) {
        metric = after;
        values = without;
      } else {
        kept++;
        const before = values;
        promptEffects.set(
          edge,
          without.map((value, n) => value - before[n]!),
        );
      }
      state = nextState(receivers, state, removed);
      untestedRemovals.push(...state.untested);
      if (known || ahead[i]!.guess === removed) continue;
      wrongGuesses++;
      break; // the tests that follow are of other circuits
    }
    const { decided } = state;
    onProgress({ tested: steps.length, measured: own, kept, decided, total, ...(work && { work: work.at(state) }) });
  }
  assertAllMade(journal, steps.length);
  onProgress({ tested: steps.length, measured: own, kept, decided: total, total });
  const { circuit } = state;
  return {
    kept: circuit,
    steps,
    measurements,
    evaluations,
    rounds,
    wrongGuesses,
    untestedRemovals,
    promptEffects,
    initial,
    final: metric,
  };
}
