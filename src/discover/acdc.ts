import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { isDead } from '../circuit/reachability.js';
import type { SenderHeads } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { acdcOrder, type Receiver } from './acdc-order.js';
import type { PerPrompt, RemovalEvaluator } from './ports.js';

export interface AcdcOptions {
  /** An edge is removed iff its effect is strictly below this, in units of the metric. */
  readonly threshold: number;
  /** Test |effect| instead of the signed effect. */
  readonly absolute: boolean;
  readonly senderHeads: SenderHeads;
  /** Also test each head's direct edges; otherwise all of them are kept. */
  readonly directEdges: boolean;
}

/** One tested edge: the metric of the circuit so far, and without the edge. */
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
  /** Edges removed without a test, because nothing that they lead to was left. */
  readonly untestedRemovals: readonly number[];
  /** Per kept edge that was tested, in the order of tests: its effect on every prompt. */
  readonly promptEffects: ReadonlyMap<number, PerPrompt>;
  /** Metric of the starting circuit and of the final one. */
  readonly initial: number;
  readonly final: number;
}

/** What one test found: enough to decide again without computing anything. */
export interface AcdcMeasurement {
  readonly edge: number;
  /** Metric of the circuit so far without the edge, on every prompt. */
  readonly without: PerPrompt;
}

/** Lets a search that was interrupted go on. */
export interface AcdcJournal {
  /** Tests of an earlier run of this same search, from its first one on; they are decided again, not measured again. */
  readonly earlier: readonly AcdcMeasurement[];
  /** Told of every further test as soon as it is decided. */
  record(measurement: AcdcMeasurement): void;
}

export interface AcdcProgress {
  readonly tested: number;
  readonly kept: number;
  /** Edges decided so far, tested or not, of `total`. */
  readonly decided: number;
  readonly total: number;
}

/**
 * Automatic circuit discovery (Conmy et al. 2023, arXiv:2304.14997), test by test as its reference implementation decides.
 *
 *  1. Start from `start` (the whole model) and its metric.
 *  2. Go through the receivers from the logits back, see acdcOrder.
 *  3. A receiver of which no kept edge leads on is dead: all its edges go, untested.
 *  4. Otherwise test its edges one by one: effect = metric without the edge - metric so far. An effect below the threshold
 *     (strictly; NaN is not below) removes the edge for good, and the metric so far becomes the measured one.
 *
 * The effect is relative to the circuit at that moment, so small losses add up; see `final`.
 *
 * @throws EdgewiseError of kind `usage` where the journal is of another search.
 */
export async function acdc(
  evaluator: RemovalEvaluator,
  start: EdgeSet,
  options: AcdcOptions,
  onProgress: (progress: AcdcProgress) => void = () => {},
  journal: AcdcJournal = { earlier: [], record: () => {} },
): Promise<AcdcResult> {
  if (!Number.isFinite(options.threshold)) {
    throw new EdgewiseError('usage', 'threshold', `expected a finite number, got ${options.threshold}`);
  }
  const topology = start.topology;
  const receivers = acdcOrder(topology, options.senderHeads, options.directEdges);
  const total = receivers.reduce((sum, receiver) => sum + receiver.edges.length, 0);
  let values = await evaluator.perPrompt(start);
  const initial = mean(values);
  const steps: AcdcStep[] = [];
  const untestedRemovals: number[] = [];
  const promptEffects = new Map<number, PerPrompt>();
  let current = start;
  let metric = initial;
  let kept = 0;
  let decided = 0;

  for (const receiver of receivers) {
    const candidates = receiver.edges.filter((edge) => current.has(edge));
    decided += receiver.edges.length - candidates.length;
    if (feedsNothing(current, receiver)) {
      for (const edge of candidates) current = current.without(edge);
      untestedRemovals.push(...candidates);
      decided += candidates.length;
      continue;
    }
    for (let next = 0; next < candidates.length;) {
      const earlier = earlierTest(journal, steps.length, candidates[next]!, topology);
      const measured = earlier ? [earlier.without] : await evaluator.withoutPrefixes(current, candidates.slice(next));
      for (const without of measured) {
        const after = mean(without);
        const edge = candidates[next++]!;
        const effect = options.absolute ? Math.abs(after - metric) : after - metric;
        const removed = effect < options.threshold;
        steps.push({ step: steps.length, edge, before: metric, after, kept: !removed });
        decided++;
        if (!earlier) journal.record({ edge, without });
        if (!removed) {
          kept++;
          promptEffects.set(
            edge,
            without.map((value, n) => value - values[n]!),
          );
          break; // the values that follow lack this edge
        }
        current = current.without(edge);
        metric = after;
        values = without;
      }
      onProgress({ tested: steps.length, kept, decided, total });
    }
  }
  onProgress({ tested: steps.length, kept, decided, total });
  return { kept: current, steps, untestedRemovals, promptEffects, initial, final: metric };
}

function earlierTest(
  { earlier }: AcdcJournal,
  step: number,
  edge: number,
  topology: Topology,
): AcdcMeasurement | undefined {
  const test = earlier[step];
  if (test === undefined || test.edge === edge) return test;
  const [there, here] = [test.edge, edge].map((id) => topology.edgeName(id));
  throw new EdgewiseError('usage', 'journal', `its test ${step} is of ${there}, this search would test ${here}`);
}

/** Whether nothing that the receiver feeds is left; an attention port is dead also where its direct edge was cut. */
function feedsNothing(circuit: EdgeSet, { kind, port }: Receiver): boolean {
  const { topology } = circuit;
  const isHeadPort = topology.ports[port]!.kind === 'head';
  return (isHeadPort && kind === 'port' && !circuit.has(topology.directEdge(port))) || isDead(circuit, port);
}
