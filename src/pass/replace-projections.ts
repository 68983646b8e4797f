import type { Tensor } from '../gpu/arena.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Piece, PieceContext } from '../block/piece.js';
import type { PassFrame } from './pass-frame.js';

/** Gives the queries, keys and values behind cut direct edges their ablated values, as the tables of circuits say. */
export async function replaceProjections(
  { arena, weights, tokens }: PieceContext,
  { tables, control, topology, projections }: PassFrame,
  layer: number,
  ablatedProjections: Tensor,
): Promise<Piece> {
  const { head4 } = weights.layout;
  const list = tables.layers[layer]!.replaced;
  const operation = await arena.operation('replace_projections', {
    buffers: { control, ablated_projections: ablatedProjections, projections: projections[layer]! },
    params: { tokens, head_ports: topology.attentionPorts, head4, layer, jobs_at: list.jobsAt },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows * head4), list.count) };
}
