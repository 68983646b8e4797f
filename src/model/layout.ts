import type { ModelSpec } from './spec.js';

/**
 * Padded sizes on the device, in vec4 units unless named otherwise: every width is rounded up to a multiple of four, and
 * the padding of weights and activations is zero, so that kernels read whole vec4s at any model size.
 */
export interface Layout {
  readonly width4: number;
  readonly head4: number;
  readonly mlp4: number;
  /** Row stride of the logits, in f32 elements. */
  readonly vocabStride: number;
}

export function layoutOf(spec: ModelSpec): Layout {
  const quads = (n: number): number => Math.ceil(n / 4);
  return {
    width4: quads(spec.width),
    head4: quads(spec.headWidth),
    mlp4: quads(spec.mlpWidth),
    vocabStride: 4 * quads(spec.vocab),
  };
}

/**
 * Copies a row-major matrix whose rows and columns come in blocks (heads), padding each block to a multiple of four.
 *
 * @param rowBlock number of rows in a block; `rows` is a multiple of it. Likewise columnBlock.
 */
export function padBlocks(
  source: Float32Array,
  rows: number,
  columns: number,
  rowBlock: number,
  columnBlock: number,
): Float32Array<ArrayBuffer> {
  const rowPitch = 4 * Math.ceil(rowBlock / 4);
  const columnPitch = 4 * Math.ceil(columnBlock / 4);
  const stride = (columns / columnBlock) * columnPitch;
  const padded = new Float32Array((rows / rowBlock) * rowPitch * stride);
  for (let r = 0; r < rows; r++) {
    const to = (Math.floor(r / rowBlock) * rowPitch + (r % rowBlock)) * stride;
    for (let block = 0; block < columns / columnBlock; block++) {
      const from = r * columns + block * columnBlock;
      padded.set(source.subarray(from, from + columnBlock), to + block * columnPitch);
    }
  }
  return padded;
}
