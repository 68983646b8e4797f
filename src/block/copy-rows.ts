import type { BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Jobs, Piece, PieceContext } from './piece.js';

/** In place of a list of rows: each row is that of its own number. */
export const EVERY_ROW = 0xffffffff;

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
  return {
    encode(recording) {
      const groups = groupsOf64(elements());
      const y = Math.ceil(groups / arena.gpu.maxWorkgroups);
      recording.dispatch(operation, Math.ceil(groups / Math.max(1, y)), y, list.count);
    },
  };
}
