import type { BufferSlice } from '../gpu/kernel.js';
import { everyRow, matmul, runMatmul, wholeJobs, type MatmulUse, type WholeJob } from '../gpu/product/matmul.js';
import type { Matrix } from '../gpu/product/matrix.js';
import { matmulTransposed, runTransposed, type TransposedUse } from '../gpu/product/transposed.js';
import { productWork } from '../gpu/work.js';
import type { Jobs, Piece, PieceContext, RowPiece } from './piece.js';

type Owner = Pick<PieceContext, 'arena'>;
type ProductUse = Omit<MatmulUse, 'jobs' | 'jobsAt'>;

/** A product with the chunks of a matrix. @param jobs of each chunk. */
export async function product(
  { arena }: Owner,
  matrix: Matrix,
  jobs: readonly Jobs[],
  use: ProductUse,
): Promise<RowPiece> {
  const operations = await Promise.all(
    jobs.map(({ words, list }, i) => matmul(arena, matrix, i, { ...use, jobs: words, jobsAt: list.jobsAt })),
  );
  return {
    encode(recording, rows) {
      operations.forEach((operation, i) => {
        const { list, work } = jobs[i]!;
        const taken = rows ?? list.rows;
        runMatmul(recording, operation, list.count, taken);
        if (work) arena.gpu.count(work(taken));
      });
    },
  };
}

/** Jobs that make every column of a matrix from the first `rows` rows of their input. @returns jobs of each chunk. */
export function wholeProducts(
  { arena }: Owner,
  matrix: Matrix,
  jobs: readonly Omit<WholeJob, 'rows'>[],
  { rows, inner4 }: { readonly rows: number; readonly inner4: number },
): Jobs[] {
  return matrix.chunks.map((chunk) => {
    const words = wholeJobs(
      chunk,
      jobs.map((job) => ({ ...job, rows: everyRow(rows) })),
    );
    return {
      words: arena.upload('product jobs', Uint32Array.from(words.flat())),
      list: { jobsAt: 0, count: jobs.length, rows },
      work: (taken) => productWork(jobs.length * taken, 4 * inner4, 4 * chunk.columns4),
    };
  });
}

/** out [rows, columns] = a [rows, inner] W + bias, for a matrix W [inner, columns]. */
export function rowProduct(
  context: Owner,
  matrix: Matrix,
  { a, out }: { readonly a: BufferSlice; readonly out: BufferSlice },
  rows: number,
  bias?: BufferSlice,
): Promise<RowPiece> {
  const { inner4, columns4 } = matrix;
  const jobs = wholeProducts(context, matrix, [{ a: 0, out: 0 }], { rows, inner4 });
  return product(context, matrix, jobs, { a, out, rows, inner4, outStride: columns4, bias });
}

/** A product of gradients with a transposed matrix: dX = dY W^T, for every job. */
export async function transposedProduct({ arena }: Owner, matrix: Matrix, use: TransposedUse): Promise<Piece> {
  const bound = await matmulTransposed(arena, matrix, use);
  return { encode: (recording) => runTransposed(arena.gpu, recording, bound) };
}

/** The one job of a product with all columns of a transposed matrix. */
export function everyColumn({ columns4 }: Matrix): TransposedUse['jobs'] {
  return [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: columns4 }];
}
