import type { Scores } from '../circuit/scores.js';
import type { Topology } from '../circuit/topology.js';
import { edgeEnds, type EdgeEnds } from '../circuit/edge-ends.js';

/**
 * What somebody expects of an edge: above 0 it is more likely kept, below 0 removed; 0 where nothing is known. About the
 * logarithm of the odds.
 */
export type Hint = (edge: number) => number;

/** Nobody knows anything. */
export const NO_HINT: Hint = () => 0;

/** The hint of somebody who is as good as sure. */
export const SURE = 6;

/**
 * Hints by the scores of another method: how far a score lies above the threshold or below it, on a logarithmic scale.
 * An edge without a score is likely removed. |score| counts where the search is by |effect|, or where nobody knows what
 * the sign of the scores means.
 */
export function hintOf(
  { values, positive }: Pick<Scores, 'values' | 'positive'>,
  { threshold, absolute }: { readonly threshold: number; readonly absolute: boolean },
): Hint {
  const unsigned = absolute || positive === null;
  return (edge) => {
    const score = unsigned ? Math.abs(values[edge]!) : values[edge]!;
    const kept = score >= threshold;
    if (!(score > 0 && threshold > 0)) return kept ? SURE : -SURE;
    const distance = Math.abs(2 * Math.log(score / threshold));
    // At the threshold itself an edge is kept.
    return kept ? Math.min(SURE, Math.max(distance, Number.MIN_VALUE)) : -Math.min(SURE, distance);
  };
}

/** A guess of one decision. A wrong one costs time, never correctness. */
export interface Guess {
  readonly removed: boolean;
  /** Probability that it is right. */
  readonly right: number;
}

/** Share of kept edges that is expected before anything is known. */
const USUAL = 0.04;
/** The logarithm of its odds. */
const USUAL_ODDS = Math.log(USUAL / (1 - USUAL));
/** What the share of a writer counts beside a hint. */
const BESIDE_HINT = 0.3;
/** How fast the weights of the regression follow. */
const RATE = 0.1;
/** Tests of a writer that its usual share counts as. */
const PRIOR = 2;
/** A decision further back counts so much less. */
const FADE = 0.9;

/**
 * Guesses decisions of a search from hints and from the decisions so far: a logistic regression that learns from each
 * decision. It sees the hint, and how often edges of the writer stayed. Equal decisions give equal guesses.
 */
export class Guesses {
  readonly #ends: EdgeEnds;
  readonly #hint: Hint;
  /** Of the features: where there is no hint, where there is one, the hint, the writer's share. */
  readonly #weights: [number, number, number, number] = [USUAL_ODDS, 0, 1, 1];
  /** By writer: edges tested and kept, old ones fading. Direct edges count as one writer. */
  readonly #tested: Float64Array;
  readonly #kept: Float64Array;
  readonly #writers: number;

  constructor(topology: Topology, hint: Hint = NO_HINT) {
    this.#ends = edgeEnds(topology);
    this.#hint = hint;
    this.#writers = topology.writers.length;
    this.#tested = new Float64Array(this.#writers + 1);
    this.#kept = new Float64Array(this.#writers + 1);
  }

  guess(edge: number): Guess {
    const kept = this.#chance(this.#features(edge));
    return { removed: kept < 0.5, right: Math.max(kept, 1 - kept) };
  }

  /** Takes note of a decision. */
  decided(edge: number, removed: boolean): void {
    const features = this.#features(edge);
    const error = (removed ? 0 : 1) - this.#chance(features);
    for (let i = 0; i < features.length; i++) this.#weights[i]! += RATE * error * features[i]!;
    const writer = this.#writer(edge);
    this.#tested[writer] = FADE * this.#tested[writer]! + 1;
    this.#kept[writer] = FADE * this.#kept[writer]! + (removed ? 0 : 1);
  }

  #writer(edge: number): number {
    const writer = this.#ends.writers[edge]!;
    return writer >= 0 && writer < this.#writers ? writer : this.#writers;
  }

  #features(edge: number): readonly [number, number, number, number] {
    const writer = this.#writer(edge);
    const share = (this.#kept[writer]! + PRIOR * USUAL) / (this.#tested[writer]! + PRIOR);
    const unusual = Math.log(share / (1 - share)) - USUAL_ODDS;
    const hint = this.#hint(edge);
    // A hint has most of what the writer's other edges tell in it.
    return hint === 0 ? [1, 0, 0, unusual] : [0, 1, hint, BESIDE_HINT * unusual];
  }

  /** Probability that an edge with these features is kept. */
  #chance(features: readonly number[]): number {
    let odds = 0;
    for (let i = 0; i < features.length; i++) odds += this.#weights[i]! * features[i]!;
    return 1 / (1 + Math.exp(-odds));
  }
}
