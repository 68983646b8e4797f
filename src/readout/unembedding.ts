import type { Arena } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import { everyRow, matmul, wholeJobs, type MatmulOperation } from '../gpu/product/matmul.js';
import type { ModelWeights } from '../model/weights.js';

/**
 * The product of rows [rows, width] with the unembedding, [rows, vocabStride]: one operation per chunk of the matrix.
 */
export function bindUnembedding(
  arena: Arena,
  { layout, unembed }: ModelWeights,
  a: BufferSlice,
  out: BufferSlice,
  rows: number,
): Promise<MatmulOperation[]> {
  return Promise.all(
    unembed.chunks.map((chunk, i) =>
      matmul(arena, unembed, i, {
        a,
        out,
        rows,
        inner4: layout.width4,
        outStride: layout.vocabStride / 4,
        jobs: arena.upload(
          'unembedding job',
          Uint32Array.from(wholeJobs(chunk, [{ a: 0, out: 0, rows: everyRow(rows) }]).flat()),
        ),
        jobsAt: 0,
        bias: undefined,
      }),
    ),
  );
}
