import type { Scores } from '../circuit/scores.js';
import type { Receiver } from './acdc-order.js';
import { nextState, type SearchState } from './acdc-walk.js';

/** Guesses whether an edge will be removed. A wrong guess costs time, never correctness. */
export type Predictor = (edge: number) => boolean;

/** A test, and whether its edge is guessed to be removed. */
export interface GuessedTest {
  readonly state: SearchState;
  readonly guess: boolean;
}

/** Most edges are removed. */
export const ALWAYS_REMOVED: Predictor = () => true;

/**
 * Guesses by the scores of another method: an edge that scores below the threshold is removed, an edge without a score
 * too. |score| counts where the search is by |effect|, or where nobody knows what the sign of the scores means.
 */
export function predictorOf(
  { values, positive }: Pick<Scores, 'values' | 'positive'>,
  { threshold, absolute }: { readonly threshold: number; readonly absolute: boolean },
): Predictor {
  const unsigned = absolute || positive === null;
  return (edge) => {
    const score = values[edge]!;
    return !((unsigned ? Math.abs(score) : score) >= threshold);
  };
}

/** Weight of each further decision in the running rate of wrong guesses. */
const NEWEST = 1 / 16;

/**
 * Says which tests to make in one submission: the next one, and the tests that follow if the guesses come true. No more
 * than fill the device. No more than about the number of decisions up to a wrong guess: what comes after it is thrown
 * away.
 */
export class LookAhead {
  readonly #receivers: readonly Receiver[];
  readonly #most: number;
  readonly #predict: Predictor;
  #wrongRate = 0.1;

  constructor(receivers: readonly Receiver[], most: number, predict: Predictor = ALWAYS_REMOVED) {
    this.#receivers = receivers;
    this.#most = most;
    this.#predict = predict;
  }

  /** Tests from `state` on, which has an edge. Each is the next one if all before it are decided as guessed. */
  tests(state: SearchState): GuessedTest[] {
    const wanted = Math.min(this.#most, Math.max(1, Math.round(1 / this.#wrongRate)));
    const tests: GuessedTest[] = [];
    for (let next = state; next.edge !== undefined && tests.length < wanted;) {
      const guess = this.#predict(next.edge);
      tests.push({ state: next, guess });
      next = nextState(this.#receivers, next, guess);
    }
    return tests;
  }

  /**
   * Takes note of a decision. Returns whether it was guessed: then the next test made ahead is the search's next test.
   */
  decided({ guess }: GuessedTest, removed: boolean): boolean {
    this.#wrongRate += NEWEST * ((guess === removed ? 0 : 1) - this.#wrongRate);
    return guess === removed;
  }
}
