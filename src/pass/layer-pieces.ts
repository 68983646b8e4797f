import { attentionMix, attentionPattern } from '../block/attention.js';
import { attentionOutput } from '../block/attention-output.js';
import { mlpHidden, mlpOut } from '../block/mlp.js';
import { headNorms, postNorm } from '../block/head-norms.js';
import { jointQueriesAndKeys, type JointBranch, type JointJobs } from '../block/joint-norms.js';
import { norm } from '../block/norm.js';
import { NO_PIECE, type AttentionPieces, type MlpPieces } from '../block/order.js';
import { takingRows, type Jobs, type PieceContext } from '../block/piece.js';
import { projections } from '../block/projections.js';
import { repetition } from '../block/projected-ports.js';
import { rotary } from '../block/rotary.js';
import type { JobTable } from './tables/table-layout.js';
import type { PassFrame } from './pass-frame.js';

/**
 * The pieces of one layer that depend on nothing but the model and the sizes of the pass. Their jobs are in the
 * tables.
 */
export interface LayerPieces {
  readonly attention: AttentionPieces;
  /** Null in an attention-only model. */
  readonly mlp: MlpPieces | null;
}

export async function bindLayer(context: PieceContext, frame: PassFrame, layer: number): Promise<LayerPieces> {
  const { tensors, topology, shape, tokens, control, outputs } = frame;
  const { normed, pattern, z: mixed, hidden } = tensors;
  const layerWeights = frame.weights.layers[layer]!;
  const { mlp } = layerWeights;
  const tables = frame.tables.layers[layer]!;
  const at = { normed, projections: frame.projections[layer]!, pattern, mixed, outputs };
  const jobs = (list: JobTable): Jobs => ({ words: control, list });
  const heads = jobs(tables.heads);
  const normAt = { x: tensors.inputs, y: normed };
  const jointJobs = (branch: JointBranch): JointJobs => {
    const { wide, slices } = tables.joint[branch];
    return { wide: wide.map(jobs), slices: jobs(slices) };
  };
  // Norms over all heads together work in the place of the inputs, which were normed before.
  const jointAt = {
    normed,
    wide: { q: tensors.inputs, k: tensors.inputs },
    out: at.projections,
    parts: topology.attentionPorts,
  };
  const rowStride4 = topology.attentionPorts * context.weights.layout.head4;
  const headRows = shape.circuits * topology.attentionPorts * tokens;
  return {
    attention: {
      norm: takingRows(await norm(context, layerWeights.norm1, normAt, headRows), tables.headInputs),
      projections: await projections(context, topology, layerWeights, tables.projections.map(jobs), at),
      'head norms':
        context.weights.layout.queryKeyNorm === 'projection'
          ? await jointQueriesAndKeys(context, layerWeights, { q: jointJobs('q'), k: jointJobs('k') }, jointAt)
          : await headNorms(context, layerWeights.queryKeyNorm, jobs(tables.headNorms), {
              data: at.projections,
              rowStride4,
            }),
      rotary: await rotary(context, layer, jobs(tables.rotary), {
        x: at.projections,
        rowStride: 4 * rowStride4,
        angles: tensors,
      }),
      repetition: await repetition(context, jobs(tables.repetition), at.projections, topology.attentionPorts),
      pattern: await attentionPattern(context, topology, layer, heads, at),
      mix: await attentionMix(context, topology, layer, heads, at),
      output: await attentionOutput(context, layerWeights, tables.attentionOut.map(jobs), at),
    },
    mlp: mlp && {
      norm: takingRows(await norm(context, mlp.norm, normAt, shape.circuits * tokens), tables.mlpInput),
      in: await mlpHidden(context, mlp, tables.mlpIn.map(jobs), { normed, hidden }),
      activation: NO_PIECE,
      out: await mlpOut(context, mlp, tables.mlpOut.map(jobs), { activated: hidden, outputs }),
      'post norm': await postNorm(context, mlp.postNorm, jobs(tables.mlpPostNorm), outputs),
    },
  };
}
