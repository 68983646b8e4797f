import type { BufferSlice } from '../gpu/kernel.js';
import type { ModelSpec } from '../model/spec.js';
import type { NormWeights } from '../model/weights.js';
import type { PieceContext, RowPiece } from './piece.js';
import type { BackwardRules } from './rules.js';

type NormContext = Pick<PieceContext, 'arena' | 'weights'>;

/** Whether the model's norms subtract the mean, as the kernels are told. */
const centred = ({ norm: { kind } }: ModelSpec): number => (kind === 'layer' ? 1 : 0);

/**
 * x [rows, d] -> y [rows, d], the norm of every row; where the model has none, a copy. Cost: about 8 operations an
 * element (normWork).
 */
export async function norm(
  { arena, weights: { spec, layout } }: NormContext,
  weights: NormWeights | null,
  { x, y }: { readonly x: BufferSlice; readonly y: BufferSlice },
  rows: number,
): Promise<RowPiece> {
  if (!weights) {
    const bytes = (taken: number): number => 16 * layout.width4 * taken;
    return {
      encode: (recording, taken = rows) => recording.copy({ ...x, size: bytes(taken) }, { ...y, size: bytes(taken) }),
    };
  }
  const { gain, bias } = weights;
  const operation = await arena.operation('norm', {
    buffers: { x, gain, bias, y },
    params: { rows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: { CENTRED: centred(spec) },
  });
  return { encode: (recording, taken = rows) => recording.dispatchRows(operation, taken) };
}

/** A gradient on its way back through a norm. Row r of the gradient belongs to row r mod xRows of x. */
export interface NormBackward {
  /** What the norm read [xRows, d]. */
  readonly x: BufferSlice;
  readonly xRows: number;
  /** The gradient at the norm's outputs, then at its inputs [rows, d]. */
  readonly gradient: BufferSlice;
  readonly rows: number;
}

/** Takes a gradient from the outputs of a norm to its inputs, in place; where the model has none, nothing. */
export async function normBackward(
  { arena, weights: { spec, layout } }: NormContext,
  { frozenNorms }: BackwardRules,
  weights: NormWeights | null,
  { x, xRows, gradient, rows }: NormBackward,
): Promise<RowPiece> {
  if (!weights) return { encode: () => undefined };
  const { gain } = weights;
  const operation = await arena.operation('norm_backward', {
    buffers: { x, gain, gradient },
    params: { rows, x_rows: xRows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: { CENTRED: centred(spec), FROZEN: frozenNorms ? 1 : 0 },
  });
  return { encode: (recording, taken = rows) => recording.dispatchRows(operation, taken) };
}

/** Parts of N streams, and the streams whose scale counts. */
export interface NormParts {
  /** [parts, tokens, d] */
  readonly x: BufferSlice;
  readonly parts: number;
  readonly tokens: number;
  /** Per stream the token of x that belongs to it [N]. */
  readonly rows: BufferSlice;
  /** [N, d] */
  readonly stream: BufferSlice;
  readonly streams: number;
  /** Added to every part [d]. */
  readonly bias: BufferSlice;
  /** [parts, N, d] */
  readonly y: BufferSlice;
}

/** What parts of streams add to the norm of the whole streams: the scale of each norm is that of its stream. */
export async function normOfParts(
  { arena, weights: { spec, layout } }: NormContext,
  { gain }: NormWeights,
  { x, parts, tokens, rows, stream, streams, bias, y }: NormParts,
): Promise<RowPiece> {
  const operation = await arena.operation('frozen_norm', {
    buffers: { x, rows, stream, gain, bias, y },
    params: { parts, tokens, streams, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: { CENTRED: centred(spec) },
  });
  return { encode: (recording, taken = parts * streams) => recording.dispatchRows(operation, taken) };
}
