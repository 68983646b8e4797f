import type { Arena } from '../arena.js';
import type { Gpu } from '../gpu.js';
import type { Operation, Recording } from '../recording.js';
import { packJob, type BufferSlice } from '../kernel.js';
import type { TileName } from './tiles.js';
import type { Matrix } from './matrix.js';
import { pieceOverrides } from './matmul.js';
import { choosePiece, gridOf, piecesOf, type Piece } from './pieces.js';
import { productWork, type Work } from '../work.js';

/** One product dX = dY W^T with columns of a matrix; offsets and columns in vec4s. */
export interface TransposedJob {
  /** Offset of the first row's column `firstColumn4` in dY. */
  readonly dy: number;
  readonly out: number;
  /** Columns of the matrix that dY covers. */
  readonly firstColumn4: number;
  readonly endColumn4: number;
}

export interface TransposedUse {
  readonly dy: BufferSlice;
  readonly out: BufferSlice;
  readonly rows: number;
  /** Row stride of dY, in vec4s; that of `out` is the matrix's inner size. */
  readonly dyStride: number;
  readonly jobs: readonly TransposedJob[];
  /** Adds to what is in `out`. Default false. */
  readonly adds?: boolean;
  /** Default: the device's. */
  readonly tile?: TileName;
  /** Pieces to choose from, from the largest on; default: those of the tile. The choice changes no bit. */
  readonly pieces?: readonly Piece[];
}

/** A product with all chunks of a matrix, bound. */
export interface TransposedProduct {
  readonly operations: readonly {
    readonly operation: Operation;
    readonly grid: readonly [x: number, y: number, jobs: number];
  }[];
  readonly work: Work;
}

/**
 * Binds products of gradients with a transposed matrix. They read the panels of the forward product. A job whose
 * columns lie in several chunks adds up the parts of the chunks in order. Cost per job: 2 rows 4 inner4 4 (end - first)
 * FLOPs.
 */
export async function matmulTransposed(arena: Arena, matrix: Matrix, use: TransposedUse): Promise<TransposedProduct> {
  const pieces = use.pieces ?? piecesOf(arena.gpu, use.tile ?? arena.gpu.transposedTile, use.rows);
  const operations = [];
  for (const { data, firstColumn4, columns4 } of matrix.chunks) {
    const words = use.jobs.flatMap((job) => {
      const first = Math.max(job.firstColumn4, firstColumn4);
      const end = Math.min(job.endColumn4, firstColumn4 + columns4);
      if (first >= end) return [];
      const skipped = first - job.firstColumn4;
      return [
        packJob('matmul_transposed', {
          dy: job.dy + skipped,
          out: job.out,
          first: first - firstColumn4,
          end: end - firstColumn4,
          adds: skipped > 0 || use.adds ? 1 : 0,
        }),
      ];
    });
    if (words.length === 0) continue;
    const bound = {
      buffers: {
        weight: data,
        control: arena.upload('transposed jobs', Uint32Array.from(words.flat())),
        dy: use.dy,
        out: use.out,
      },
      params: {
        rows: use.rows,
        inner4: matrix.inner4,
        dy_stride: use.dyStride,
        out_stride: matrix.inner4,
        jobs_at: 0,
      },
    };
    const piece = choosePiece(pieces, use.rows, matrix.inner4, words.length);
    const own = pieceOverrides(piece);
    const bind: Record<Piece['kernel'], () => Promise<Operation>> = {
      matmul: () => arena.operation('matmul_transposed', { ...bound, overrides: {} }),
      matmul_subgroup: () =>
        arena.operation('matmul_transposed_subgroup', { ...bound, overrides: own.matmul_subgroup }),
      matmul_workgroup: () =>
        arena.operation('matmul_transposed_workgroup', { ...bound, overrides: own.matmul_workgroup }),
      matmul_blocked: () => arena.operation('matmul_transposed_blocked', { ...bound, overrides: own.matmul_blocked }),
      matmul_narrow: () => arena.operation('matmul_transposed_narrow', { ...bound, overrides: own.matmul_narrow }),
    };
    operations.push({
      operation: await bind[piece.kernel](),
      grid: [...gridOf(piece, use.rows, matrix.inner4), words.length] as const,
    });
  }
  const columns = use.jobs.reduce((sum, job) => sum + 4 * (job.endColumn4 - job.firstColumn4), 0);
  return {
    operations,
    work: productWork(use.rows, 4 * matrix.inner4, columns, 'transposed product'),
  };
}

/** Records a product, and counts its work. */
export function runTransposed(gpu: Gpu, recording: Recording, product: TransposedProduct): void {
  for (const { operation, grid } of product.operations) recording.dispatch(operation, ...grid);
  gpu.count(product.work);
}
