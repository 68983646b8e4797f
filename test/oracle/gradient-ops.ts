/**
 * Float64 reference of every operation of the way back, after the formulas; test/unit/oracle/gradients.test.ts checks
 * each against central differences of the operation that it belongs to.
 */
import type { Activation } from '../../src/model/spec.js';
import type { MetricName } from './metrics.js';
import { activate, erf, logSoftmax } from './ops.js';

type Numbers = ArrayLike<number>;

/** From gradients at a layer norm's rows to those at x; `frozen` takes the scale as a constant. */
export function layerNormBackward(
  x: Numbers,
  gain: Numbers,
  gradient: Numbers,
  epsilon: number,
  frozen: boolean,
): Float64Array {
  const width = gain.length;
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const columns = Array.from({ length: width }, (_, i) => i);
    const average = (value: (i: number) => number): number => columns.reduce((sum, i) => sum + value(i), 0) / width;
    const mean = average((i) => x[start + i]!);
    const scale = 1 / Math.sqrt(average((i) => (x[start + i]! - mean) ** 2) + epsilon);
    const normed = columns.map((i) => (x[start + i]! - mean) * scale);
    const a = columns.map((i) => gradient[start + i]! * gain[i]!);
    const meanA = average((i) => a[i]!);
    const along = frozen ? 0 : average((i) => a[i]! * normed[i]!);
    columns.forEach((i) => (out[start + i] = scale * (a[i]! - meanA - normed[i]! * along)));
  }
  return out;
}

/** From gradients at an RMS norm's rows to those at x; `frozen` takes the scale as a constant. */
export function rmsNormBackward(
  x: Numbers,
  gain: Numbers,
  gradient: Numbers,
  epsilon: number,
  frozen: boolean,
): Float64Array {
  const width = gain.length;
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let square = 0;
    let along = 0;
    for (let i = 0; i < width; i++) {
      square += x[start + i]! ** 2 / width;
      along += (gradient[start + i]! * gain[i]! * x[start + i]!) / width;
    }
    const scale = 1 / Math.sqrt(square + epsilon);
    for (let i = 0; i < width; i++) {
      const less = frozen ? 0 : x[start + i]! * scale ** 2 * along;
      out[start + i] = scale * (gradient[start + i]! * gain[i]! - less);
    }
  }
  return out;
}

/** d softcap(x) / dx, by the capped value y: 1 - (y / cap)^2. */
export function softcapSlope(y: number, cap: number | null): number {
  return cap === null ? 1 : 1 - (y / cap) ** 2;
}

/** d activation(x) / dx. */
export function activationSlope(kind: Activation, x: number): number {
  switch (kind) {
    case 'gelu':
      return (1 + erf(x / Math.SQRT2)) / 2 + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
    case 'gelu-tanh': {
      const root = Math.sqrt(2 / Math.PI);
      const t = Math.tanh(root * (x + 0.044715 * x ** 3));
      return (1 + t) / 2 + (x / 2) * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x);
    }
    case 'relu':
      return x > 0 ? 1 : 0;
    case 'silu': {
      const s = 1 / (1 + Math.exp(-x));
      return s * (1 + x * (1 - s));
    }
  }
}

/** activation(x) / x, and its limit at 0. */
export function activationGate(kind: Activation, x: number): number {
  if (kind === 'relu') return x > 0 ? 1 : 0;
  return x === 0 ? 1 / 2 : activate(kind, x) / x;
}

/** scale * p (g - sum p g), per row of `columns`. */
export function softmaxBackward(p: Numbers, gradient: Numbers, columns: number, scale: number): Float64Array {
  const out = new Float64Array(p.length);
  for (let start = 0; start < p.length; start += columns) {
    let mean = 0;
    for (let j = start; j < start + columns; j++) mean += p[j]! * gradient[j]!;
    for (let j = start; j < start + columns; j++) out[j] = scale * p[j]! * (gradient[j]! - mean);
  }
  return out;
}

/** d metric / d logit, of one prompt. */
export function metricSeeds(
  metric: MetricName,
  logits: Numbers,
  clean: Numbers,
  correct: readonly number[],
  wrong: readonly number[],
): Float64Array {
  const q = logSoftmax(logits).map(Math.exp);
  const total = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + q[id]!, 0);
  const times = (ids: readonly number[], v: number): number => ids.filter((id) => id === v).length;
  switch (metric) {
    case 'kl': {
      const p = logSoftmax(clean).map(Math.exp);
      return q.map((x, v) => x - p[v]!);
    }
    case 'logit-diff':
      return q.map((_, v) => times(wrong, v) / wrong.length - times(correct, v) / correct.length);
    case 'prob-diff':
      return q.map((x, v) => x * (times(wrong, v) - times(correct, v) - (total(wrong) - total(correct))));
    case 'nll':
      return q.map((x, v) => x - (times(correct, v) * x) / total(correct));
  }
}

/** |x|_1 - |x - y|_1 of two rows. */
export function proximity(x: Numbers, y: Numbers): number {
  let nearer = 0;
  for (let i = 0; i < x.length; i++) nearer += Math.abs(x[i]!) - Math.abs(x[i]! - y[i]!);
  return nearer;
}
