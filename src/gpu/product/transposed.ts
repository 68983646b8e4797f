import type { Arena } from '../arena.js';
import type { Gpu } from '../gpu.js';
import type { Operation, Recording } from '../recording.js';
import { packJob, type BufferSlice } from '../kernel.js';
import type { TileName } from './tiles.js';
import type { Matrix } from './matrix.js';
import { pieceOf } from './matmul.js';
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
}

/** A product with all chunks of a matrix, bound. */
export interface TransposedProduct {
  readonly operations: readonly { readonly operation: Operation; readonly jobs: number }[];
  readonly gridX: number;
  readonly gridY: number;
  readonly work: Work;
}

/**
 * Binds products of gradients with a transposed matrix. They read the panels of the forward product. A job whose
 * columns lie in several chunks adds up the parts of the chunks in order. Cost per job: 2 rows 4 inner4 4 (end - first)
 * FLOPs.
 */
export async function matmulTransposed(arena: Arena, matrix: Matrix, use: TransposedUse): Promise<TransposedProduct> {
  const { kernel, rows, lanes, groupRows } = pieceOf(arena.gpu, use.tile ?? arena.gpu.tile, use.rows);
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
    const bind: Record<typeof kernel, () => Promise<Operation>> = {
      matmul: () => arena.operation('matmul_transposed', { ...bound, overrides: {} }),
      matmul_subgroup: () =>
        arena.operation('matmul_transposed_subgroup', { ...bound, overrides: { ROWS: rows, LANES: lanes } }),
      matmul_workgroup: () =>
        arena.operation('matmul_transposed_workgroup', { ...bound, overrides: { ROWS: groupRows } }),
    };
    operations.push({ operation: await bind[kernel](), jobs: words.length });
  }
  const columns = use.jobs.reduce((sum, job) => sum + 4 * (job.endColumn4 - job.firstColumn4), 0);
  return {
    operations,
    gridX: Math.ceil(matrix.inner4 / lanes),
    gridY: Math.ceil(use.rows / rows),
    work: productWork(use.rows, 4 * matrix.inner4, columns),
  };
}

/** Records a product, and counts its work. */
export function runTransposed(gpu: Gpu, recording: Recording, product: TransposedProduct): void {
  const { operations, gridX, gridY, work } = product;
  for (const { operation, jobs } of operations) recording.dispatch(operation, gridX, gridY, jobs);
  gpu.count(work);
}
