/** The smallest of nested choices that is good enough, and what finding it took. */
export interface SmallestChoice {
  readonly count: number;
  readonly faithfulness: number;
  /** Circuits that were evaluated. */
  readonly evaluations: number;
}

/**
 * Finds how many of the strongest edges a circuit needs to be as faithful as wanted, by bisection. The choice before
 * the one that is found is known to fall short. More edges do not always make a circuit more faithful. So a smaller
 * choice that is good enough may exist, between two that fall short.
 *
 * Cost: about log2(most) evaluations.
 *
 * @param most the largest choice.
 * @param faithfulnessOf faithfulness of a choice of so many edges, at least 1; null where it is not defined.
 * @returns what the largest choice gives where even that falls short: `count` is then null.
 */
export async function smallestFaithful(
  most: number,
  wanted: number,
  faithfulnessOf: (count: number) => Promise<number | null>,
): Promise<SmallestChoice | { readonly count: null; readonly faithfulness: number | null }> {
  let evaluations = 1;
  let reached = await faithfulnessOf(most);
  if (reached === null || !(reached >= wanted)) return { count: null, faithfulness: reached };
  let [tooFew, enough] = [0, most];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    const faithfulness = await faithfulnessOf(middle);
    evaluations++;
    if (faithfulness !== null && faithfulness >= wanted) [enough, reached] = [middle, faithfulness];
    else tooFew = middle;
  }
  return { count: enough, faithfulness: reached, evaluations };
}
