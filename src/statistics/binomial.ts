import { bisect, gammaln } from 'simple-statistics';

/** P(X = k) of n trials with chance p. In logarithms, so that many trials do not underflow on the way. */
function probability(k: number, n: number, p: number): number {
  const choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
  // A chance of 0 to the power of 0 is 1, where its logarithm times 0 is not a number.
  const successes = k === 0 ? 0 : k * Math.log(p);
  const failures = k === n ? 0 : (n - k) * Math.log1p(-p);
  return Math.exp(choices + successes + failures);
}

/**
 * P(from <= X <= to) of X successes in n trials with chance p. The smallest terms are added first.
 *
 * @param from, to successes, 0 to n; the sum is 0 where from > to.
 */
export function binomialSum(from: number, to: number, n: number, p: number): number {
  const terms: number[] = [];
  for (let k = Math.max(0, from); k <= Math.min(n, to); k++) terms.push(probability(k, n, p));
  const sum = terms.toSorted((a, b) => a - b).reduce((total, term) => total + term, 0);
  return Math.min(1, sum);
}

/** How near the bounds of an interval are found. */
const NEARNESS = 1e-13;

/**
 * The exact two-sided interval of a chance after k successes in n trials (Clopper and Pearson 1934): at its lower end
 * as many successes or more have the probability alpha / 2, at its upper end as few or fewer.
 *
 * @param n trials, at least 1.
 * @param alpha share of intervals that may miss the chance.
 */
export function clopperPearson(k: number, n: number, alpha = 0.05): readonly [lower: number, upper: number] {
  const crossing = (from: number, to: number): number =>
    bisect((p: number) => binomialSum(from, to, n, p) - alpha / 2, 0, 1, 100, NEARNESS);
  return [k === 0 ? 0 : crossing(k, n), k === n ? 1 : crossing(0, k)];
}
