import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { Operation } from '../gpu/recording.js';
import { windowOf } from './attention-rule.js';
import type { PieceContext } from './piece.js';

/** Sums of rows of x [T, xStride, dh], weighted by w [H, T, S]. Heads may share ports of x, and of the result. */
export interface WeightedSum {
  readonly w: BufferSlice;
  readonly x: BufferSlice;
  readonly xStride: number;
  /** First port of x. */
  readonly xFirst: number;
  readonly xPorts: number;
  /** First port of the result. */
  readonly outFirst: number;
  readonly outPorts: number;
  /** Sums over the queries that see a key; otherwise over the keys that a query sees. */
  readonly overQueries: boolean;
  readonly factor: number;
}

export function weightedSum(
  { arena, weights, tokens, sequence }: PieceContext,
  layer: number,
  out: Tensor,
  { w, x, xStride, xFirst, xPorts, outFirst, outPorts, overQueries, factor }: WeightedSum,
): Promise<Operation> {
  return arena.operation('attention_gradients', {
    buffers: { w, x, out },
    params: {
      tokens,
      sequence,
      heads: weights.spec.heads,
      head4: weights.layout.head4,
      window: windowOf(weights.spec, layer),
      x_stride: xStride,
      x_first: xFirst,
      x_ports: xPorts,
      out_first: outFirst,
      out_ports: outPorts,
      factor,
    },
    overrides: { OVER_QUERIES: overQueries ? 1 : 0 },
  });
}
