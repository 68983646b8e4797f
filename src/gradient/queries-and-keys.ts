import { headNormJobs, headNorms } from '../block/head-norms.js';
import { jointQueriesAndKeys, type JointBranch } from '../block/joint-norms.js';
import type { Piece, PieceContext } from '../block/piece.js';
import { projectedHeads, repeatedPorts, repetition, repetitionJobs } from '../block/projected-ports.js';
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
  { projections, parts, branches, rows, normed: inputs, joint }: UncutProjections,
): Promise<Readonly<Record<'head norms' | 'rotary' | 'repetition', Piece>>> {
  const { layout, layers } = context.weights;
  const { head4 } = layout;
  const heads = projectedHeads(topology, layout, 'once');
  const normed = heads.map(({ port, matrixHead }) => ({ at: port * head4, gain: matrixHead }));
  const starts = heads.map(({ port }) => 4 * port * head4);
  const repeated = repeatedPorts(topology, layout, branches);
  const layerWeights = layers[layer]!;
  return {
    'head norms':
      layout.queryKeyNorm === 'projection'
        ? await jointQueriesAndKeys(
            context,
            layerWeights,
            heads,
            { normed: inputs, wide: joint, out: projections, parts },
            rows,
          )
        : await headNorms(context, layerWeights.queryKeyNorm, headNormJobs(context, normed, rows), {
            data: projections,
            rowStride4: parts * head4,
          }),
    rotary: await rotary(context, layer, rotaryJobs(context, starts, rows), {
      x: projections,
      rowStride: 4 * parts * head4,
      angles: tensors,
    }),
    repetition: await repetition(context, repetitionJobs(context, repeated, rows), projections, parts),
  };
}
