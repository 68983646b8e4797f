import type { Arena } from '../arena.js';
import type { Operation, Recording } from '../recording.js';
import { packJob, type BufferSlice } from '../kernel.js';
import type { TileName } from './tiles.js';
import { PANEL4, type ChunkColumns, type Matrix } from './matrix.js';
import { choosePiece, gridOf, piecesOf, type Piece } from './pieces.js';

/** The constant GROUPS of the kernels that tile through workgroup memory. */
const WORKGROUP_TILE_GROUPS = 8;

/** What a kernel is told about the piece that its workgroups make. */
export function pieceOverrides({ rows, lanes }: Piece) {
  return {
    matmul_subgroup: { ROWS: rows, LANES: lanes },
    matmul_workgroup: { ROWS: rows / WORKGROUP_TILE_GROUPS },
    // 8 x 8 outputs an invocation
    matmul_blocked: { TX: lanes / 2, TY: rows / 8 },
    matmul_narrow: { LANES: lanes },
  };
}

/** Rows of a job: their number, and where the words list them. For a product they are rows of `out`. */
export interface RowsOf {
  readonly count: number;
  readonly at: number;
}

/** The first `count` rows, each to the row of the same number. */
export function everyRow(count: number): RowsOf {
  return { count, at: 0xffffffff };
}

/** A job: offsets in vec4s (of the weight: within its chunk), and the columns to make, counted from the offsets. */
export interface MatmulJob {
  readonly a: number;
  readonly weight: number;
  readonly bias: number;
  readonly out: number;
  readonly firstColumn4: number;
  readonly endColumn4: number;
  readonly rows: RowsOf;
}

/** The words of a job, for every kernel of the product: they share kernels/shared/matmul_job.wgsl. */
export function jobWords({ a, weight, bias, out, firstColumn4, endColumn4, rows }: MatmulJob): number[] {
  return packJob('matmul', {
    a,
    weight,
    bias,
    out,
    first: firstColumn4,
    end: endColumn4,
    rows: rows.count,
    rows_at: rows.at,
  });
}

/** A piece of a product with its kernel bound. */
export interface BoundPiece extends Piece {
  readonly operation: Operation;
}

/** A product with one chunk of a matrix, bound: run it with a number of jobs. */
export interface MatmulOperation {
  /** From the largest on. */
  readonly pieces: readonly BoundPiece[];
  /** Columns that every job covers, in vec4s: whole panels. */
  readonly columns4: number;
  /** Most rows of a job. */
  readonly rows: number;
}

export interface MatmulUse {
  readonly a: BufferSlice;
  readonly out: BufferSlice;
  /** Most rows of a job. */
  readonly rows: number;
  /** Inner size of every job in vec4s. It is smaller than the matrix's where a job uses the rows of one head. */
  readonly inner4: number;
  /** Row stride of `out`, in vec4s. */
  readonly outStride: number;
  /** Where the jobs are listed. */
  readonly jobs: BufferSlice;
  readonly jobsAt: number;
  /** Panels that every job covers, from its weight offset on; default: all of the chunk. */
  readonly panels?: number;
  readonly bias: BufferSlice | undefined;
  /** Number of the activation in kernels/shared/activation.wgsl, see ACTIVATIONS; default 0, none. */
  readonly activation?: number;
  /** Whether the result is multiplied by what is in `out`, as the gate of an MLP is; default false. */
  readonly multiplies?: boolean;
  /** Default: the device's. */
  readonly tile?: TileName;
  /** Pieces to choose from, from the largest on; default: those of the tile. The choice changes no bit. */
  readonly pieces?: readonly Piece[];
}

/** Binds the product with one chunk of `matrix`. Cost per job: 2 * rows * 4 inner4 * 4 columns4 FLOPs. */
export async function matmul(arena: Arena, matrix: Matrix, chunk: number, use: MatmulUse): Promise<MatmulOperation> {
  const part = matrix.chunks[chunk]!;
  const bound = {
    buffers: { weight: part.data, control: use.jobs, a: use.a, bias: use.bias ?? part.data, out: use.out },
    params: {
      inner4: use.inner4,
      panel_rows4: matrix.inner4,
      out_stride: use.outStride,
      jobs_at: use.jobsAt,
    },
  };
  const overrides = { HAS_BIAS: use.bias ? 1 : 0, ACTIVATION: use.activation ?? 0, MULTIPLIES: use.multiplies ? 1 : 0 };
  const bind = (piece: Piece): Promise<Operation> => {
    const own = pieceOverrides(piece);
    const kernels: Record<Piece['kernel'], () => Promise<Operation>> = {
      matmul: () => arena.operation('matmul', { ...bound, overrides }),
      matmul_subgroup: () =>
        arena.operation('matmul_subgroup', { ...bound, overrides: { ...overrides, ...own.matmul_subgroup } }),
      matmul_workgroup: () =>
        arena.operation('matmul_workgroup', { ...bound, overrides: { ...overrides, ...own.matmul_workgroup } }),
      matmul_blocked: () =>
        arena.operation('matmul_blocked', { ...bound, overrides: { ...overrides, ...own.matmul_blocked } }),
      matmul_narrow: () =>
        arena.operation('matmul_narrow', { ...bound, overrides: { ...overrides, ...own.matmul_narrow } }),
    };
    return kernels[piece.kernel]();
  };
  const pieces = use.pieces ?? piecesOf(arena.gpu, use.tile ?? arena.gpu.tile, use.rows);
  return {
    pieces: await Promise.all(pieces.map(async (piece) => ({ ...piece, operation: await bind(piece) }))),
    columns4: PANEL4 * (use.panels ?? Math.ceil(part.columns4 / PANEL4)),
    rows: use.rows,
  };
}

/**
 * A job that makes all columns of a matrix: offsets in vec4s. `weight` skips rows of the matrix (those of other heads).
 */
export interface WholeJob {
  readonly a: number;
  readonly out: number;
  readonly weight?: number;
  readonly rows: RowsOf;
}

/** A job that makes all columns of one chunk. */
export function wholeJob({ firstColumn4, columns4 }: ChunkColumns, { a, out, weight = 0, rows }: WholeJob): MatmulJob {
  return { a, weight, bias: firstColumn4, out: out + firstColumn4, firstColumn4: 0, endColumn4: columns4, rows };
}

/** The words of jobs that make all columns of one chunk. */
export function wholeJobs(chunk: ChunkColumns, jobs: readonly WholeJob[]): number[][] {
  return jobs.map((job) => jobWords(wholeJob(chunk, job)));
}

/** Records a product. @param rows most rows of a job; default: the rows that the operation was bound for. */
export function runMatmul(recording: Recording, product: MatmulOperation, jobs: number, rows = product.rows): void {
  const piece = choosePiece(product.pieces, rows, product.columns4, jobs);
  recording.dispatch(piece.operation, ...gridOf(piece, rows, product.columns4), jobs);
}
