import type { BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Piece, PieceContext } from './piece.js';

/**
 * ids [T] -> outputs [T, d]: the embedding of every token, scaled as in the model. One dispatch per chunk of the
 * embedding.
 *
 * @param kind whether the positions' embeddings are added.
 */
export async function embedding(
  { arena, weights: { spec, embed, positions, layout, attentionBias }, tokens, sequence }: PieceContext,
  { ids, outputs }: { readonly ids: BufferSlice; readonly outputs: BufferSlice },
  kind: InputKind,
): Promise<Piece> {
  const { width4 } = layout;
  const operations = await Promise.all(
    embed.chunks.map((chunk) =>
      arena.operation('embed', {
        buffers: { weight: chunk.data, ids, positions: positions ?? attentionBias[0]!, outputs },
        params: {
          tokens,
          sequence,
          width4,
          first_id: 4 * chunk.firstColumn4,
          ids_held: 4 * chunk.columns4,
          add_positions: positions && kind === 'token+position' ? 1 : 0,
          circuit_stride: 0,
          scale: spec.embeddingScale,
        },
        overrides: {},
      }),
    ),
  );
  return {
    encode(recording) {
      for (const operation of operations) recording.dispatch(operation, groupsOf64(tokens * width4));
    },
  };
}
