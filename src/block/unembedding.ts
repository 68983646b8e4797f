import { logSoftmax } from '../gpu/rows/log-softmax.js';
import { rowBlocks } from '../gpu/workgroups.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { ModelWeights } from '../model/weights.js';
import type { Matrix } from '../gpu/product/matrix.js';
import { NO_PIECE } from './order.js';
import type { Piece, PieceContext, RowPiece } from './piece.js';
import { everyColumn, rowProduct, transposedProduct } from './product.js';

type UnembeddingContext = Pick<PieceContext, 'arena' | 'weights'>;

interface UnembeddingTensors {
  readonly normed: BufferSlice;
  /** [rows, V], with the row stride vocabStride. */
  readonly logits: BufferSlice;
}

/** normed [rows, d] -> their products with the unembedding [rows, V]: what parts of a stream add to the logits. */
export function unembedding(
  context: UnembeddingContext,
  { normed, logits }: UnembeddingTensors,
  rows: number,
): Promise<RowPiece> {
  return rowProduct(context, context.weights.unembed, { a: normed, out: logits }, rows);
}

/** Columns of the unembedding with their biases: of all tokens, or of some. */
export interface LogitColumns {
  readonly unembed: Matrix;
  readonly unembedBias: BufferSlice | null;
  /** Tokens; the matrix has as many columns, rounded up to vec4s. */
  readonly tokens: number;
}

/** The columns of all tokens. */
export function everyLogit({ unembed, unembedBias, spec }: ModelWeights): LogitColumns {
  return { unembed, unembedBias, tokens: spec.vocab };
}

/** normed [rows, d] -> the model's logits [rows, V], with its bias and its softcap. */
export function modelLogits(context: UnembeddingContext, tensors: UnembeddingTensors, rows: number): Promise<RowPiece> {
  return logitsOf(context, everyLogit(context.weights), tensors, rows);
}

/** The same of some columns: logits [rows, columns of the matrix]. Each has the bits that it has among all. */
export async function logitsOf(
  { arena, weights: { spec } }: UnembeddingContext,
  { unembed, unembedBias, tokens }: LogitColumns,
  { normed, logits }: UnembeddingTensors,
  rows: number,
): Promise<RowPiece> {
  const product = await rowProduct({ arena }, unembed, { a: normed, out: logits }, rows, unembedBias ?? undefined);
  if (spec.logitSoftcap === null) return product;
  const operation = await arena.operation('softcap_rows', {
    buffers: { x: logits },
    params: { rows, columns: tokens, stride: 4 * unembed.columns4, cap: spec.logitSoftcap },
    overrides: {},
  });
  return {
    encode(recording, taken = rows) {
      product.encode(recording, taken);
      recording.dispatchRows(operation, taken, rowBlocks(tokens));
    },
  };
}

/** Takes a gradient [rows, V] from the capped logits to those before the softcap, in place; nothing without one. */
export async function softcapBackward(
  { arena, weights: { spec } }: UnembeddingContext,
  { unembed, tokens }: LogitColumns,
  { logits, logitGradient }: { readonly logits: BufferSlice; readonly logitGradient: BufferSlice },
  rows: number,
): Promise<Piece> {
  if (spec.logitSoftcap === null) return NO_PIECE;
  const operation = await arena.operation('softcap_backward', {
    buffers: { y: logits, gradient: logitGradient },
    params: { rows, columns: tokens, stride: 4 * unembed.columns4, cap: spec.logitSoftcap },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatchRows(operation, rows, rowBlocks(tokens)) };
}

/** Turns logits [rows, V] into log-probabilities, in place. */
export async function logProbabilities(
  { arena, weights: { spec, layout } }: UnembeddingContext,
  values: BufferSlice,
  rows: number,
): Promise<RowPiece> {
  return logSoftmax(arena, { values, rows, vocab: spec.vocab, stride: layout.vocabStride });
}

/** The gradient at the logits [rows, V] -> the gradient at the normed rows [rows, d]. */
export function unembeddingBackward(
  context: UnembeddingContext,
  { unembed }: LogitColumns,
  at: { readonly logitGradient: BufferSlice; readonly normedGradient: BufferSlice },
  rows: number,
): Promise<Piece> {
  return transposedProduct(context, unembed, {
    dy: at.logitGradient,
    out: at.normedGradient,
    rows,
    dyStride: unembed.columns4,
    jobs: everyColumn(unembed),
  });
}
