import { headNormJobs, headNorms } from '../block/head-norms.js';
import { jointJobs, jointQueriesAndKeys, type JointBranch } from '../block/joint-norms.js';
import { NO_PIECE } from '../block/order.js';
import type { Piece, PieceContext } from '../block/piece.js';
import {
  projectedHeads,
  repeatedPorts,
  repetition,
  repetitionJobs,
  type ProjectedHead,
} from '../block/projected-ports.js';
import { rotary, rotaryJobs } from '../block/rotary.js';
import type { Branch } from '../circuit/nodes.js';
import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { GradientFrame } from './gradient-frame.js';

/** Projections of the uncut model, in which queries and keys come first. */
export interface UncutProjections {
  /** [rows, parts, dh] */
  readonly projections: Tensor;
  readonly parts: number;
  /** What the parts are. */
  readonly branches: readonly Branch[];
  readonly rows: number;
  /** What they are made from [rows, d]. */
  readonly normed: BufferSlice;
  /** Where norms over all heads together keep what they read. */
  readonly joint: Readonly<Record<JointBranch, BufferSlice>>;
}

/**
 * What becomes of queries and keys between their projection and the pattern, in place: norms of the heads, turns by the
 * positions, and rows for the ports that repeat others. Norms over all heads together make the queries and keys, too.
 */
export async function bindQueriesAndKeys(
  context: PieceContext,
  { topology, tensors }: Pick<GradientFrame, 'topology' | 'tensors'>,
  layer: number,
  use: UncutProjections,
): Promise<Readonly<Record<'head norms' | 'rotary' | 'repetition', Piece>>> {
  const { projections, parts, branches, rows } = use;
  const { layout } = context.weights;
  const heads = projectedHeads(topology, layout, 'once');
  const starts = heads.map(({ port }) => 4 * port * layout.head4);
  const repeated = repeatedPorts(topology, layout, branches);
  return {
    'head norms': await bindHeadNorms(context, layer, heads, use),
    rotary:
      layout.rotaryPairs === 0
        ? NO_PIECE
        : await rotary(context, layer, rotaryJobs(context, starts, rows), {
            x: projections,
            rowStride: 4 * parts * layout.head4,
            angles: tensors,
          }),
    repetition:
      repeated.length === 0
        ? NO_PIECE
        : await repetition(context, repetitionJobs(context, repeated, rows), projections, parts),
  };
}

async function bindHeadNorms(
  context: PieceContext,
  layer: number,
  heads: readonly ProjectedHead[],
  { projections, parts, rows, normed, joint }: UncutProjections,
): Promise<Piece> {
  const { layout, layers } = context.weights;
  const layerWeights = layers[layer]!;
  if (layerWeights.queryKeyNorm === null) return NO_PIECE;
  if (layout.queryKeyNorm === 'projection') {
    const jobs = jointJobs(context, layerWeights, heads, rows);
    return jointQueriesAndKeys(context, layerWeights, jobs, { normed, wide: joint, out: projections, parts });
  }
  const places = heads.map(({ port, matrixHead }) => ({ at: port * layout.head4, gain: matrixHead }));
  const at = { data: projections, rowStride4: parts * layout.head4 };
  return headNorms(context, layerWeights.queryKeyNorm, headNormJobs(context, places, rows), at);
}
