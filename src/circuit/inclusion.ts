/** In how many of several circuits something is: an edge, or a node. */
export interface Inclusion {
  readonly count: number;
  /** Circuits that were found. */
  readonly of: number;
  /** Exact interval of the chance to be found, at 95 % (Clopper and Pearson). */
  readonly lower: number;
  readonly upper: number;
}

/** How often each edge was found when the search was made again on other prompts, by edge id. */
export type EdgeInclusions = ReadonlyMap<number, Inclusion>;
