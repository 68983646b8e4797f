import type { Receiver } from './acdc-order.js';
import { nextState, type SearchState } from './acdc-walk.js';
import type { Guesses } from './guesses.js';

/** A test, and whether its edge is guessed to be removed. */
export interface GuessedTest {
  readonly state: SearchState;
  readonly guess: boolean;
}

/**
 * What a round costs beside its tests where nobody knows, in tests. On a card a submission and its answer take 0.7 to 1 ms,
 * a test of GPT-2 small's shape 0.1 to 0.2 ms.
 */
export const ROUND = 5;

/**
 * Says which tests to make in one submission, a round: the next one, and the tests that follow if the guesses come true.
 * They go on over receivers and layers. What comes after a wrong guess is thrown away.
 *
 * The length is the one at which a useful test costs least. A round of n tests costs `round` + n, in tests; of its
 * tests as many are useful as are decided up to a wrong guess: in the mean the sum over tests of the chance that all
 * guesses before were right. So a round ends by itself where a guess is uncertain, and is long where none is.
 */
export class LookAhead {
  readonly #receivers: readonly Receiver[];
  readonly #most: number;
  readonly #round: number;
  readonly #guesses: Guesses;

  /**
   * @param most tests of a round at most.
   * @param round what a round costs beside its tests, in tests: waiting for it, and what one test leaves idle.
   */
  constructor(receivers: readonly Receiver[], most: number, round: number, guesses: Guesses) {
    this.#receivers = receivers;
    this.#most = most;
    this.#round = round;
    this.#guesses = guesses;
  }

  /** Tests from `state` on, which has an edge. Each is the next one if all before it are decided as guessed. */
  tests(state: SearchState): GuessedTest[] {
    const tests: GuessedTest[] = [];
    /** Tests that are useful in the mean, and the chance that the next one is. */
    let useful = 0;
    let chance = 1;
    for (let next = state; next.edge !== undefined && tests.length < this.#most;) {
      // One more test makes useful ones cheaper as long as its own chance exceeds what a test's cost gives so far.
      if (tests.length > 0 && !(chance * (this.#round + tests.length) > useful)) break;
      const { removed, right } = this.#guesses.guess(next.edge);
      tests.push({ state: next, guess: removed });
      useful += chance;
      chance *= right;
      if (tests.length < this.#most) next = nextState(this.#receivers, next, removed);
    }
    return tests;
  }
}
