import { copyRows } from '../block/copy-rows.js';
import type { Piece, PieceContext } from '../block/piece.js';
import type { Tensor } from '../gpu/arena.js';
import type { PassFrame } from './pass-frame.js';

/** Gives the queries, keys and values behind cut direct edges their ablated values, as the tables of circuits say. */
export function replaceProjections(
  context: PieceContext,
  { tables, control, weights, projections }: PassFrame,
  layer: number,
  ablatedProjections: Tensor,
): Promise<Piece> {
  const list = tables.layers[layer]!.replaced;
  const buffers = { from: ablatedProjections, to: projections[layer]! };
  return copyRows(context, { words: control, list }, buffers, () => list.rows * 4 * weights.layout.head4);
}
