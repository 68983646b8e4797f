/** A threshold and how many edges a search at it keeps. */
export interface ThresholdRun {
  readonly threshold: number;
  readonly edges: number;
}

/** Closer than this share of the wanted number is close enough. */
const CLOSE = 0.02;
/** Thresholds tried at most; the last few bisections hardly move. */
const MOST_RUNS = 14;
/** This many falling thresholds that keep equally many edges show that there are no more to keep. */
const PLATEAU = 3;
/** By how much the threshold moves until the wanted number lies between two runs. */
const STRIDE = 4;

/**
 * Finds a threshold at which about `edges` edges are kept. Strides up or down from `first` until the number lies
 * between two runs, then bisects the threshold's logarithm. Ends early where a lower threshold keeps no more edges.
 *
 * Higher thresholds keep fewer edges, but not strictly: the order of decisions feeds back. So the closest run wins, not
 * the last one.
 *
 * @param first the threshold to start at, above 0.
 * @param run makes the search at a threshold, and tells how many edges it kept.
 * @returns the runs in the order made, and the closest one; of equally close ones the one with fewer edges.
 */
export async function thresholdFor(
  edges: number,
  first: number,
  run: (threshold: number) => Promise<number>,
): Promise<{ readonly runs: readonly ThresholdRun[]; readonly closest: ThresholdRun }> {
  const runs: ThresholdRun[] = [];
  let tooMany: number | undefined; // the highest threshold known to keep too many
  let tooFew: number | undefined; // the lowest threshold known to keep too few
  let threshold = first;
  while (runs.length < MOST_RUNS) {
    const kept = await run(threshold);
    runs.push({ threshold, edges: kept });
    if (Math.abs(kept - edges) <= Math.floor(CLOSE * edges)) break;
    if (kept > edges) tooMany = Math.max(tooMany ?? 0, threshold);
    else tooFew = Math.min(tooFew ?? Number.POSITIVE_INFINITY, threshold);
    if (tooMany === undefined) {
      if (kept > 0 && runs.length > PLATEAU && runs.slice(-PLATEAU).every((one) => one.edges === kept)) break;
      threshold = tooFew! / STRIDE;
    } else if (tooFew === undefined) threshold = tooMany * STRIDE;
    else threshold = rounded(Math.sqrt(tooMany * tooFew));
    if (runs.some((earlier) => earlier.threshold === threshold)) break; // nothing lies between
  }
  const distance = ({ edges: kept }: ThresholdRun): number => Math.abs(kept - edges);
  const closest = runs.reduce((best, other) =>
    distance(other) < distance(best) || (distance(other) === distance(best) && other.edges < best.edges) ? other : best,
  );
  return { runs, closest };
}

/** Four digits: thresholds that a person can read and repeat. */
function rounded(threshold: number): number {
  return Number(threshold.toPrecision(4));
}
