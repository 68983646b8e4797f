import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Piece, PieceContext } from './piece.js';

/**
 * What moves runs from the clean one: shift[run, group] times the sum of some writers' rows of the differences. The
 * runs follow one another in the stream.
 */
export interface Shift {
  /** [runs, groups] */
  readonly shift: Tensor;
  readonly group: number;
  /** [W, T / runs, d] */
  readonly differences: BufferSlice;
  readonly firstWriter: number;
  readonly writers: number;
}

/** What is added to a stream. */
export interface Addition {
  /** [parts, T, d] */
  readonly outputs: BufferSlice;
  readonly parts: number;
  /** Sums of the attention output biases before and after the step [d]; their difference is the step's own bias. */
  readonly bias?: { readonly before: Tensor; readonly after: Tensor };
  readonly shift?: Shift;
  /** [T, d] */
  readonly stream: BufferSlice;
}

/** stream [T, d] += outputs [parts, T, d], in their order, with a bias and a shift where there are any. */
export async function addToStream(
  { arena, weights, tokens }: PieceContext,
  { outputs, parts, bias, shift, stream }: Addition,
): Promise<Piece> {
  const { width4 } = weights.layout;
  const noBias = weights.attentionBias[0]!;
  const [runs = 1, groups = 0] = shift?.shift.shape ?? [];
  const operation = await arena.operation('add_to_stream', {
    buffers: {
      outputs,
      bias_before: bias?.before ?? noBias,
      bias_after: bias?.after ?? noBias,
      // A step without a shift reads neither of these.
      shift: shift?.shift ?? noBias,
      differences: shift?.differences ?? noBias,
      stream,
    },
    params: {
      tokens,
      width4,
      parts,
      group: shift?.group ?? 0,
      first_writer: shift?.firstWriter ?? 0,
      shifted: shift?.writers ?? 0,
      groups,
      runs,
    },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(tokens * width4)) };
}

/** Outputs to subtract, and from which writers' rows. */
export interface Subtraction {
  /** [writers, T, d]; [writers, d] where every token has the same row. */
  readonly outputs: BufferSlice;
  readonly sameAtEveryToken: boolean;
  /** [W, T, d] */
  readonly differences: BufferSlice;
  readonly firstWriter: number;
  readonly writers: number;
}

/** differences[firstWriter + i] -= outputs[i], for `writers` writers. */
export async function subtractOutputs(
  { arena, weights, tokens }: PieceContext,
  { outputs, sameAtEveryToken, differences, firstWriter, writers }: Subtraction,
): Promise<Piece> {
  const { width4 } = weights.layout;
  const operation = await arena.operation('subtract_outputs', {
    buffers: { x: outputs, y: differences },
    params: { tokens, width4, parts: writers, first: firstWriter },
    overrides: { SAME_AT_EVERY_TOKEN: sameAtEveryToken ? 1 : 0 },
  });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(writers * tokens * width4)) };
}

/** A stream as it would be if one writer's edge were cut: moved[i] = stream + differences[firstWriter + i]. */
export interface MovedStreams {
  /** [T, d] */
  readonly stream: BufferSlice;
  /** [W, T, d] */
  readonly differences: BufferSlice;
  /** [writers, T, d] */
  readonly moved: BufferSlice;
  readonly firstWriter: number;
  readonly writers: number;
}

export async function movedStreams(
  { arena, weights, tokens }: PieceContext,
  { stream, differences, moved, firstWriter, writers }: MovedStreams,
): Promise<Piece> {
  const size = tokens * weights.layout.width4;
  const operation = await arena.operation('moved_streams', {
    buffers: { stream, differences, moved },
    params: { size, first_writer: firstWriter, writers },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(writers * size)) };
}
