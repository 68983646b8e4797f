import { EdgewiseError } from '../base/errors.js';
import type { Topology } from '../circuit/topology.js';
import type { PerPrompt } from '../circuit/evaluator.js';

/** What one test measured: enough to decide again without computing anything. */
export interface Measurement {
  readonly edge: number;
  /** Metric of the circuit so far without the edge, on every prompt. */
  readonly without: PerPrompt;
}

/** Lets a run that was interrupted go on. */
export interface Journal {
  /** Tests of an earlier run of the same search, from its first one on. They are decided again, not measured again. */
  readonly earlier: readonly Measurement[];
  /** Is told of every further test as soon as it is decided. */
  record(measurement: Measurement): void;
}

export const NO_JOURNAL: Journal = { earlier: [], record: () => {} };

/**
 * What the journal holds of test number `step`, if it holds it.
 *
 * @throws EdgewiseError of kind `usage` where it is of another edge: the journal is of another search.
 */
export function earlierTest(
  { earlier }: Journal,
  step: number,
  edge: number,
  topology: Topology,
): Measurement | undefined {
  const test = earlier[step];
  if (test === undefined || test.edge === edge) return test;
  const [there, here] = [test.edge, edge].map((id) => topology.edgeName(id));
  throw new EdgewiseError('usage', 'journal', `its test ${step} is of ${there}, this search would test ${here}`);
}
