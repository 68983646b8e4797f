/** A circuit with a random path on top, and one of the new edges, which is cut from it. Edges by id. */
export interface Inflation {
  readonly added: readonly number[];
  readonly removed: number;
}

/** Everything random that the hypothesis tests read: with it another implementation gets the same numbers. */
export interface Draws {
  /** Orders of the prompts: the value at place i of a permuted sample is that of prompt order[i]. */
  readonly permutations: readonly (readonly number[])[];
  readonly inflations: readonly Inflation[];
  /** Addition edges by id. */
  readonly randomCircuits: readonly (readonly number[])[];
}

/** Where the hypothesis tests draw their lines. */
export interface TestLevels {
  /** How far the share of wins may be from a half: 0 to below 0.5. */
  readonly epsilon: number;
  /** Share of random circuits that a circuit must beat: between 0 and 1. */
  readonly quantile: number;
  /** A squared difference below this counts as 0, so that rounding does not decide. */
  readonly floor: number;
}

/** Shi et al. 2024 (arXiv:2410.13032). */
export const DEFAULT_LEVELS: TestLevels = { epsilon: 0.1, quantile: 0.9, floor: 1e-9 };
