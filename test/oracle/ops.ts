/**
 * Float64 reference of every operation of the forward pass, in plain loops after the formulas: what kernels are
 * tested against. Matrices are row-major; `rows` times the width is the length of the array.
 */
import type { Activation } from '../../src/model/spec.js';

type Numbers = ArrayLike<number>;

/** (x - mean) / sqrt(population variance + epsilon) * gain + bias, per row of `gain.length` values. */
export function layerNorm(x: Numbers, gain: Numbers, bias: Numbers, epsilon: number): Float64Array {
  const width = gain.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let mean = 0;
    for (let i = 0; i < width; i++) mean += x[start + i]!;
    mean /= width;
    let variance = 0;
    for (let i = 0; i < width; i++) variance += (x[start + i]! - mean) ** 2;
    variance /= width;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < width; i++) y[start + i] = (x[start + i]! - mean) * scale * gain[i]! + bias[i]!;
  }
  return y;
}

/** x / sqrt(mean of x^2 + epsilon) * gain, per row of `gain.length` values. */
export function rmsNorm(x: Numbers, gain: Numbers, epsilon: number): Float64Array {
  const width = gain.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let square = 0;
    for (let i = 0; i < width; i++) square += x[start + i]! ** 2;
    const scale = 1 / Math.sqrt(square / width + epsilon);
    for (let i = 0; i < width; i++) y[start + i] = x[start + i]! * scale * gain[i]!;
  }
  return y;
}

/** y [rows, columns] = x [rows, inner] w [inner, columns] + bias [columns]. */
export function matmul(x: Numbers, w: Numbers, bias: Numbers | null, inner: number, columns: number): Float64Array {
  const rows = x.length / inner;
  const y = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < inner; k++) {
      const factor = x[row * inner + k]!;
      for (let column = 0; column < columns; column++) y[row * columns + column]! += factor * w[k * columns + column]!;
    }
    if (bias) for (let column = 0; column < columns; column++) y[row * columns + column]! += bias[column]!;
  }
  return y;
}

/** y [rows, columns] = x [rows, inner] w^T with w [columns, inner]: the unembedding. */
export function matmulTransposed(x: Numbers, w: Numbers, inner: number): Float64Array {
  const rows = x.length / inner;
  const columns = w.length / inner;
  const y = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += x[row * inner + k]! * w[column * inner + k]!;
      y[row * columns + column] = sum;
    }
  }
  return y;
}

/**
 * erf(x) = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1 3 5 ... (2n+1)) (Abramowitz & Stegun 7.1.6): all terms have one
 * sign, so nothing cancels.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export function activate(kind: Activation, x: number): number {
  switch (kind) {
    case 'gelu':
      return (x / 2) * (1 + erf(x / Math.SQRT2));
    case 'gelu-tanh':
      return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    case 'relu':
      return Math.max(x, 0);
    case 'silu':
      return x / (1 + Math.exp(-x));
  }
}

export function activateAll(kind: Activation, x: Numbers): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = activate(kind, x[i]!);
  return y;
}

/** cap * tanh(x / cap), or x without a cap. */
export function softcap(x: number, cap: number | null): number {
  return cap === null ? x : cap * Math.tanh(x / cap);
}

/** What scores of attention are, beside queries and keys. */
export interface ScoreRule {
  readonly scale: number;
  /** Keys i - window < j <= i are visible, all j <= i where it is null. */
  readonly window?: number | null;
  /** Of the scores, before the mask. */
  readonly cap?: number | null;
}

/** Row softmax of scale q.k over the keys j <= i: [length, length], exactly 0 above the diagonal. */
export function attentionPattern(q: Numbers, k: Numbers, headWidth: number, rule: number | ScoreRule): Float64Array {
  return causalSoftmax(attentionScores(q, k, headWidth, typeof rule === 'number' ? { scale: rule } : rule));
}

/** Capped scale q.k of the visible keys: [length, length], minus infinity elsewhere. */
export function attentionScores(
  q: Numbers,
  k: Numbers,
  headWidth: number,
  { scale, window = null, cap = null }: ScoreRule,
): Float64Array {
  const length = q.length / headWidth;
  const scores = new Float64Array(length * length).fill(-Infinity);
  for (let i = 0; i < length; i++) {
    for (let j = window === null ? 0 : Math.max(0, i - window + 1); j <= i; j++) {
      let dot = 0;
      for (let c = 0; c < headWidth; c++) dot += q[i * headWidth + c]! * k[j * headWidth + c]!;
      scores[i * length + j] = softcap(scale * dot, cap);
    }
  }
  return scores;
}

/** Softmax of every row of scores [length, length] over the keys j <= i, exactly 0 where a score is minus infinity. */
export function causalSoftmax(scores: Float64Array): Float64Array {
  const length = Math.sqrt(scores.length);
  const pattern = new Float64Array(scores.length);
  for (let i = 0; i < length; i++) {
    const row = scores.subarray(i * length, i * length + i + 1);
    const logSum = logSumExp(row);
    row.forEach((score, j) => (pattern[i * length + j] = Math.exp(score - logSum)));
  }
  return pattern;
}

/** z [length, headWidth] = pattern [length, length] v [length, headWidth]. */
export function attentionMix(pattern: Numbers, v: Numbers, headWidth: number): Float64Array {
  return matmul(pattern, v, null, v.length / headWidth, headWidth);
}

export function logSumExp(x: readonly number[] | Float64Array): number {
  let max = -Infinity;
  for (const value of x) max = Math.max(max, value);
  let sum = 0;
  for (const value of x) sum += Math.exp(value - max);
  return max + Math.log(sum);
}

/** Logarithms of the softmax of one row. */
export function logSoftmax(logits: Numbers): Float64Array {
  const x = Float64Array.from(logits);
  const logSum = logSumExp(x);
  return x.map((value) => value - logSum);
}

/** KL(p || q) = sum p (log p - log q), of two rows of log-probabilities. */
export function kl(logP: Float64Array, logQ: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < logP.length; i++) if (logP[i]! > -Infinity) sum += Math.exp(logP[i]!) * (logP[i]! - logQ[i]!);
  return sum;
}
