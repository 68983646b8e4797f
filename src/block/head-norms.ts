import { packJob, type BufferSlice } from '../gpu/kernel.js';
import type { NormWeights } from '../model/weights.js';
import { NO_PIECE } from './order.js';
import { fixedJobs, dispatchJobRows, EVERY_ROW, type Jobs, type Piece, type PieceContext } from './piece.js';
import type { BackwardRules } from './rules.js';

/** Rows of heads: queries, keys, or gradients there. */
export interface HeadRows {
  readonly data: BufferSlice;
  /** vec4s from one token to the next. */
  readonly rowStride4: number;
}

/** Norms queries and keys, each head by itself, in place; nothing where the model has no such norms. */
export function headNorms(context: PieceContext, norm: NormWeights | null, jobs: Jobs, rows: HeadRows): Promise<Piece> {
  const { spec, layout } = context.weights;
  const centred = spec.attention.qkNorm?.kind === 'layer';
  return normInPlace(context, norm, jobs, rows, { width: spec.headWidth, width4: layout.head4, centred });
}

/** Norms outputs of MLPs, in place [W, T, d]; nothing where the model has no norm after its MLPs. */
export function postNorm(
  context: PieceContext,
  norm: NormWeights | null,
  jobs: Jobs,
  outputs: BufferSlice,
): Promise<Piece> {
  const { spec, layout } = context.weights;
  const rows = { data: outputs, rowStride4: layout.width4 };
  const centred = spec.norm.kind === 'layer';
  return normInPlace(context, norm, jobs, rows, { width: spec.width, width4: layout.width4, centred });
}

async function normInPlace(
  { arena, weights: { spec } }: PieceContext,
  norm: NormWeights | null,
  { words, list }: Jobs,
  { data, rowStride4 }: HeadRows,
  { width, width4, centred }: { readonly width: number; readonly width4: number; readonly centred: boolean },
): Promise<Piece> {
  if (!norm) return NO_PIECE;
  const operation = await arena.operation('norm_in_place', {
    buffers: { control: words, gain: norm.gain, bias: norm.bias, x: data },
    params: { jobs_at: list.jobsAt, row_stride4: rowStride4, width, width4, epsilon: spec.norm.epsilon },
    overrides: { CENTRED: centred ? 1 : 0 },
  });
  return { encode: (recording) => dispatchJobRows(recording, arena.gpu, operation, list) };
}

/** Takes gradients from the normed queries and keys to those before the norm, in place. */
export async function headNormsBackward(
  { arena, weights: { spec, layout } }: PieceContext,
  { frozenNorms }: BackwardRules,
  norm: NormWeights,
  { words, list }: Jobs,
  { before, gradient }: { readonly before: HeadRows; readonly gradient: HeadRows },
): Promise<Piece> {
  const operation = await arena.operation('norm_in_place_backward', {
    buffers: { control: words, gain: norm.gain, x: before.data, gradient: gradient.data },
    params: {
      jobs_at: list.jobsAt,
      x_stride4: before.rowStride4,
      gradient_stride4: gradient.rowStride4,
      width: spec.headWidth,
      width4: layout.head4,
      epsilon: spec.norm.epsilon,
    },
    overrides: { CENTRED: spec.attention.qkNorm!.kind === 'layer' ? 1 : 0, FROZEN: frozenNorms ? 1 : 0 },
  });
  return { encode: (recording) => dispatchJobRows(recording, arena.gpu, operation, list) };
}

/** A head whose rows are normed: where it begins, in vec4s, and the row of its gain. */
export interface NormedHead {
  readonly at: number;
  readonly gain: number;
}

/** The fixed jobs that norm all rows of some heads. */
export function headNormJobs({ arena }: PieceContext, heads: readonly NormedHead[], rows: number): Jobs {
  const jobs = heads.map(({ at, gain }) => packJob('norm_in_place', { at, rows_at: EVERY_ROW, rows, gain }));
  return fixedJobs(arena, 'heads to norm', jobs, rows);
}

/** The same on the way back. @param heads with where the rows before the norm begin. */
export function headNormBackwardJobs(
  { arena }: PieceContext,
  heads: readonly (NormedHead & { readonly before: number })[],
  rows: number,
): Jobs {
  const jobs = heads.map(({ at, before, gain }) =>
    packJob('norm_in_place_backward', { at, x_at: before, rows_at: EVERY_ROW, rows, gain }),
  );
  return fixedJobs(arena, 'heads to norm backwards', jobs, rows);
}
