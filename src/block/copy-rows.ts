import type { BufferSlice } from '../gpu/kernel.js';
import { dispatchElements, type Jobs, type Piece, type PieceContext } from './piece.js';

/**
 * Copies, or adds, rows of one array to rows of another. @param elements the most rows times columns of a job, when
 * recorded.
 */
export async function copyRows(
  { arena }: Pick<PieceContext, 'arena'>,
  { words, list }: Jobs,
  { from, to }: { readonly from: BufferSlice; readonly to: BufferSlice },
  elements: () => number,
): Promise<Piece> {
  const operation = await arena.operation('copy_rows', {
    buffers: { control: words, source: from, out: to },
    params: { jobs_at: list.jobsAt },
    overrides: {},
  });
  return { encode: (recording) => dispatchElements(recording, arena.gpu, operation, elements(), list.count) };
}
