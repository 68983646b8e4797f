/** By how much the threshold falls from one search to the next. */
const STRIDE = 4;
/** Searches made at most. */
const MOST_SEARCHES = 14;
/** This many searches that keep equally many edges show that a lower threshold keeps no more. */
const PLATEAU = 3;

/**
 * Lowers the threshold until a search finds a circuit that is good enough.
 *
 * @param first the threshold to start at, above 0.
 * @param search makes the search at a threshold.
 * @returns the searches in the order made. The last one is good enough, or no lower threshold would change anything.
 */
export async function lowerUntil<Found extends { readonly kept: number }>(
  first: number,
  search: (threshold: number) => Promise<Found>,
  isGoodEnough: (found: Found) => boolean,
): Promise<readonly Found[]> {
  const all: Found[] = [];
  for (let threshold = first; all.length < MOST_SEARCHES; threshold = Number((threshold / STRIDE).toPrecision(4))) {
    const found = await search(threshold);
    all.push(found);
    if (isGoodEnough(found)) break;
    const last = all.slice(-PLATEAU);
    if (found.kept > 0 && last.length === PLATEAU && last.every(({ kept }) => kept === found.kept)) break;
  }
  return all;
}
