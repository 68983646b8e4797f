import type { BufferSlice } from '../gpu/kernel.js';
import type { Piece, PieceContext, RowPiece } from './piece.js';
import { everyColumn, rowProduct, transposedProduct } from './product.js';

type UnembeddingContext = Pick<PieceContext, 'arena' | 'weights'>;

/** normed [rows, d] -> logits [rows, V]. The rows of the logits have the stride vocabStride. */
export function unembedding(
  context: UnembeddingContext,
  { normed, logits }: { readonly normed: BufferSlice; readonly logits: BufferSlice },
  rows: number,
): Promise<RowPiece> {
  return rowProduct(context, context.weights.unembed, { a: normed, out: logits }, rows);
}

/** Turns logits [rows, V] into log-probabilities, in place. */
export async function logProbabilities(
  { arena, weights: { spec, layout } }: UnembeddingContext,
  values: BufferSlice,
  rows: number,
): Promise<RowPiece> {
  const operation = await arena.operation('log_softmax', {
    buffers: { values },
    params: { rows, vocab: spec.vocab, stride: layout.vocabStride },
    overrides: {},
  });
  return { encode: (recording, taken = rows) => recording.dispatchRows(operation, taken) };
}

/** The gradient at the logits [rows, V] -> the gradient at the normed rows [rows, d]. */
export function unembeddingBackward(
  context: UnembeddingContext,
  at: { readonly logitGradient: BufferSlice; readonly normedGradient: BufferSlice },
  rows: number,
): Promise<Piece> {
  const { unembed } = context.weights;
  return transposedProduct(context, unembed, {
    dy: at.logitGradient,
    out: at.normedGradient,
    rows,
    dyStride: unembed.columns4,
    jobs: everyColumn(unembed),
  });
}
