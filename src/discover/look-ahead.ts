import type { Scores } from '../circuit/scores.js';
import type { Receiver } from './acdc-order.js';
import { nextPlace, type Place } from './acdc-walk.js';

/** Guesses whether an edge will be removed. A wrong guess costs time, never correctness. */
export type Predictor = (edge: number) => boolean;

/** A test, and whether its edge is guessed to be removed. */
export interface GuessedTest {
  readonly place: Place;
  readonly guess: boolean;
}

/** Most edges are removed. */
export const ALWAYS_REMOVED: Predictor = () => true;

/**
 * Guesses by the scores of another method: what scores below the threshold is removed. Where a file does not say what its sign means,
 * or the search is by |effect|, |score| counts. Edges without a score are guessed to be removed.
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

/** Weight that each further decision has in the running rate of wrong guesses. */
const NEWEST = 1 / 16;

/**
 * Which tests to make in one submission: the next one and those that follow if the guesses come true. As many as fill the
 * device, but about as many as are decided before a guess is wrong, since what comes after it is thrown away.
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

  /** Tests from `place` on, each the next one if those before it are decided as guessed; `place` has an edge. */
  tests(place: Place): GuessedTest[] {
    const wanted = Math.min(this.#most, Math.max(1, Math.round(1 / this.#wrongRate)));
    const tests: GuessedTest[] = [];
    for (let next = place; next.edge !== undefined && tests.length < wanted;) {
      const guess = this.#predict(next.edge);
      tests.push({ place: next, guess });
      next = nextPlace(this.#receivers, next, guess);
    }
    return tests;
  }

  /** Takes note of a decision; returns whether it was guessed, so that the tests after it are the search's. */
  decided({ guess }: GuessedTest, removed: boolean): boolean {
    this.#wrongRate += NEWEST * ((guess === removed ? 0 : 1) - this.#wrongRate);
    return guess === removed;
  }
}
