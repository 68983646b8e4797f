import { mean } from '../base/mean.js';

/** Dependence of two samples, and how often chance gives as much. */
export interface Dependence {
  /** 0 where nothing depends on anything; it has no upper end that would mean much. */
  readonly hsic: number;
  /** Permutations of the second sample with as much dependence or more. */
  readonly count: number;
}

/** Two values of the statistic that differ by less, relatively, are one value that was added up in two orders. */
const ROUNDING = 1e-12;

/**
 * The Hilbert-Schmidt independence criterion of two paired samples with Gaussian kernels exp(-d² / 2 sigma²):
 * tr(KHLH) / (n - 1)², where H takes the means away (Gretton et al. 2005, biased estimator). O(n²) a permutation.
 *
 * A sigma of 0 stands for its limit: equal values are alike, all others are not.
 *
 * @param permutations orders of the second sample.
 * @returns null for fewer than two pairs, or a value that is not finite.
 */
export function hsicTest(
  a: readonly number[],
  b: readonly number[],
  [sigmaA, sigmaB]: readonly [number, number],
  permutations: readonly (readonly number[])[],
): Dependence | null {
  const n = a.length;
  if (n < 2 || ![...a, ...b].every(Number.isFinite)) return null;
  const [k, l] = [centredKernel(a, sigmaA), centredKernel(b, sigmaB)];
  const statistic = (order?: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = order ? order[i]! : i;
      for (let j = 0; j < n; j++) sum += k[i * n + j]! * l[row * n + (order ? order[j]! : j)]!;
    }
    return sum / (n - 1) ** 2;
  };
  const hsic = statistic();
  const least = hsic - ROUNDING * Math.abs(hsic);
  return { hsic: hsic + 0, count: permutations.filter((order) => statistic(order) >= least).length };
}

/** One sigma for both samples: the lower median of |a_i - b_j| over all pairs (Shi et al. 2024's code). */
export function crossSigma(a: readonly number[], b: readonly number[]): number {
  const distances = Float64Array.from(a.flatMap((x) => b.map((y) => Math.abs(x - y)))).sort();
  return distances[Math.floor((distances.length - 1) / 2)] ?? 0;
}

/** The median of |a_i - a_j| over pairs i < j; with two middle values their mean. */
export function ownSigma(a: readonly number[]): number {
  const distances = Float64Array.from(a.flatMap((x, i) => a.slice(i + 1).map((y) => Math.abs(x - y)))).sort();
  if (distances.length === 0) return 0;
  const middle = (distances.length - 1) / 2;
  return (distances[Math.floor(middle)]! + distances[Math.ceil(middle)]!) / 2;
}

/** [n x n]: the kernel without the means of its rows and columns. */
function centredKernel(values: readonly number[], sigma: number): Float64Array {
  const n = values.length;
  const kernel = (x: number, y: number): number => {
    const distance = Math.abs(x - y);
    if (distance === 0) return 1;
    return sigma === 0 ? 0 : Math.exp(-(distance ** 2) / (2 * sigma ** 2));
  };
  const rows = values.map((x) => mean(values.map((y) => kernel(x, y))));
  const all = mean(rows);
  const centred = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) centred[i * n + j] = kernel(values[i]!, values[j]!) - rows[i]! - rows[j]! + all;
  }
  return centred;
}
