import type { BufferSlice } from '../gpu/kernel.js';
import { PANEL4 } from '../gpu/product/matrix.js';
import type { WholeJob } from '../gpu/product/matmul.js';
import type { LayerWeights } from '../model/weights.js';
import type { Jobs, Piece, PieceContext } from './piece.js';
import { everyColumn, product, transposedProduct, wholeProducts } from './product.js';

/** mixed [H, T, dh] -> outputs [H, T, d], without the bias. @param jobs of each chunk of W_O. */
export function attentionOutput(
  context: PieceContext,
  { attentionOut }: LayerWeights,
  jobs: readonly Jobs[],
  { mixed, outputs }: { readonly mixed: BufferSlice; readonly outputs: BufferSlice },
): Promise<Piece> {
  const { width4, head4 } = context.weights.layout;
  return product(context, attentionOut, jobs, {
    a: mixed,
    out: outputs,
    rows: context.tokens,
    inner4: head4,
    outStride: width4,
    bias: undefined,
  });
}

/** Jobs that take every head through its rows of W_O. */
export function everyHeadOutput(
  context: PieceContext,
  { attentionOut }: LayerWeights,
  rows: number,
  inputs: (head: number) => number,
): Jobs[] {
  const { spec, layout } = context.weights;
  const { width4, head4 } = layout;
  const jobs = Array.from({ length: spec.heads }, (_, head): Omit<WholeJob, 'rows'> => ({
    a: inputs(head),
    weight: head * 4 * head4 * PANEL4,
    out: head * rows * width4,
  }));
  return wholeProducts(context, attentionOut, jobs, { rows, inner4: head4 });
}

/** The gradient at the stream [T, d] -> the gradient at the mixed values [T, H, dh]. */
export function attentionOutputBackward(
  context: PieceContext,
  { attentionOut }: LayerWeights,
  at: { readonly streamGradient: BufferSlice; readonly mixedGradient: BufferSlice },
): Promise<Piece> {
  return transposedProduct(context, attentionOut, {
    dy: at.streamGradient,
    out: at.mixedGradient,
    rows: context.tokens,
    dyStride: context.weights.layout.width4,
    jobs: everyColumn(attentionOut),
  });
}
