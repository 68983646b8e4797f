/**
 * A row-major matrix of rows of `width`, each padded with zeros to a multiple of four: how activations lie on the
 * device.
 */
export function paddedRows(matrix: ArrayLike<number>, width: number): Float32Array<ArrayBuffer> {
  const stride = 4 * Math.ceil(width / 4);
  const padded = new Float32Array((matrix.length / width) * stride);
  for (let i = 0; i < matrix.length; i++) padded[Math.floor(i / width) * stride + (i % width)] = matrix[i]!;
  return padded;
}

/** The values of such a matrix without the padding. */
export function unpaddedRows(padded: ArrayLike<number>, width: number): Float32Array<ArrayBuffer> {
  const stride = 4 * Math.ceil(width / 4);
  return Float32Array.from({ length: (padded.length / stride) * width }, (_, i) => {
    return padded[Math.floor(i / width) * stride + (i % width)]!;
  });
}
