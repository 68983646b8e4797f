/** Float64 references of the RMS norm, forwards and backwards. */

type Numbers = ArrayLike<number>;

const meanSquare = (row: readonly number[]): number => row.reduce((sum, v) => sum + v * v, 0) / row.length;

function rowsOf(x: Numbers, width: number): number[][] {
  return Array.from({ length: x.length / width }, (_, r) =>
    Array.from({ length: width }, (__, i) => x[r * width + i]!),
  );
}

/** x / sqrt(mean of x^2 + epsilon) * gain + bias, per row of `gain.length` values. */
export function rmsNorm(x: Numbers, gain: Numbers, bias: Numbers, epsilon: number): Float64Array {
  return Float64Array.from(
    rowsOf(x, gain.length).flatMap((row) => {
      const scale = 1 / Math.sqrt(meanSquare(row) + epsilon);
      return row.map((v, i) => v * scale * gain[i]! + bias[i]!);
    }),
  );
}

/** From gradients at the norm's rows to those at x; `frozen` takes the scale as a constant. */
export function rmsNormBackward(
  x: Numbers,
  gain: Numbers,
  gradient: Numbers,
  epsilon: number,
  frozen: boolean,
): Float64Array {
  const gradients = rowsOf(gradient, gain.length);
  return Float64Array.from(
    rowsOf(x, gain.length).flatMap((row, r) => {
      const scale = 1 / Math.sqrt(meanSquare(row) + epsilon);
      const a = row.map((_, i) => gradients[r]![i]! * gain[i]!);
      const along = row.reduce((sum, v, i) => sum + a[i]! * v * scale, 0) / row.length;
      return row.map((v, i) => scale * (a[i]! - (frozen ? 0 : v * scale * along)));
    }),
  );
}
