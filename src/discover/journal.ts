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
  /** Where the journal lies, for messages. */
  readonly where?: string | undefined;
  /**
   * Forgets the earlier tests from number `step` on, because of what is wrong with the first of them, or refuses to by
   * an error. A journal without it is refused then.
   */
  forget?(step: number, what: string): void;
}

export const NO_JOURNAL: Journal = { earlier: [], record: () => {} };

/**
 * What the journal holds of test number `step`, if it holds it.
 *
 * @throws EdgewiseError of kind `usage` where it is of another edge: the journal is of another search.
 */
export function earlierTest(journal: Journal, step: number, edge: number, topology: Topology): Measurement | undefined {
  const test = journal.earlier[step];
  if (test === undefined || test.edge === edge) return test;
  const [there, here] = [test.edge, edge].map((id) => topology.edgeName(id));
  endAt(journal, step, `its test ${step} is of ${there}, this search would test ${here}`);
  return undefined;
}

/**
 * Makes sure that a search which is over has made every test that the journal holds.
 *
 * @throws EdgewiseError of kind `usage` where it holds more: the journal is of another search.
 */
export function assertAllMade(journal: Journal, tests: number): void {
  const held = journal.earlier.length;
  if (held > tests) endAt(journal, tests, `it holds ${held} tests, this search makes ${tests}`);
}

function endAt(journal: Journal, step: number, what: string): void {
  if (!journal.forget) throw new EdgewiseError('usage', journal.where ?? 'journal', what);
  journal.forget(step, what);
}
