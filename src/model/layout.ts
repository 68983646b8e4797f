import { BRANCHES, type Branch } from '../circuit/nodes.js';
import type { ModelSpec } from './spec.js';

/**
 * Padded sizes on the device, in vec4 units unless named otherwise. Every width is rounded up to a multiple of four.
 * The padding of weights and activations is zero, so that kernels read whole vec4s at any model size.
 */
export interface Layout {
  readonly width4: number;
  readonly head4: number;
  readonly mlp4: number;
  /** That of a gated MLP's gate; 0 without one. */
  readonly gate4: number;
  /** Row stride of the logits, in f32 elements. */
  readonly vocabStride: number;
  /** Heads in the matrix of all projections, by branch: query heads, key heads, value heads. */
  readonly projectionHeads: Readonly<Record<Branch, number>>;
  readonly logitsCapped: boolean;
  /** Whether a norm comes after the sublayers. */
  readonly postNorms: boolean;
  /** What norms of queries and keys are over, if there are any. */
  readonly queryKeyNorm: 'none' | 'head' | 'projection';
  /** Pairs of dimensions of a head that turn with its position; 0 without rotary positions. */
  readonly rotaryPairs: number;
}

export function layoutOf(spec: ModelSpec): Layout {
  const quads = (n: number): number => Math.ceil(n / 4);
  return {
    width4: quads(spec.width),
    head4: quads(spec.headWidth),
    mlp4: quads(spec.mlpWidth),
    gate4: spec.mlp?.kind === 'gated' ? quads(spec.mlpWidth) : 0,
    vocabStride: 4 * quads(spec.vocab),
    projectionHeads: { q: spec.heads, k: spec.kvHeads, v: spec.kvHeads },
    logitsCapped: spec.logitSoftcap !== null,
    postNorms: spec.postNorms,
    queryKeyNorm: spec.attention.qkNorm?.over ?? 'none',
    rotaryPairs: spec.positions.kind === 'rotary' ? spec.positions.dims / 2 : 0,
  };
}

/** Columns of the matrix that makes queries, keys and values, in vec4s: q of all heads, then k, then v. */
export function projectionColumns4({ head4, projectionHeads: { q, k, v } }: Layout): number {
  return (q + k + v) * head4;
}

/** The head of the matrix of all projections that query head `head` reads. Query heads share the others evenly. */
export function projectionHead({ projectionHeads }: Layout, branch: Branch, head: number): number {
  const before = BRANCHES.slice(0, BRANCHES.indexOf(branch)).reduce((sum, other) => sum + projectionHeads[other], 0);
  return before + Math.floor((head * projectionHeads[branch]) / projectionHeads.q);
}

/** The first column of that head, in vec4s. */
export function projectionColumn4(layout: Layout, branch: Branch, head: number): number {
  return projectionHead(layout, branch, head) * layout.head4;
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
