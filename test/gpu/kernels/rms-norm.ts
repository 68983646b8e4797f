import { rmsNorm as withoutBias } from '../../oracle/ops.js';

/** The float64 RMS norm with a bias, which no model has, but the kernels take. Rows of `gain.length` values. */
export function rmsNorm(x: ArrayLike<number>, gain: ArrayLike<number>, bias: ArrayLike<number>, epsilon: number) {
  return withoutBias(x, gain, epsilon).map((value, i) => value + bias[i % gain.length]!);
}
