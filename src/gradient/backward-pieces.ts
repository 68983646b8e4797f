import { attentionMixBackward, attentionPatternBackward } from '../block/attention.js';
import { attentionOutputBackward } from '../block/attention-output.js';
import type { PortGroup } from '../block/groups.js';
import { mlpActivationBackward, mlpInBackward, mlpOutBackward } from '../block/mlp.js';
import { normBackward } from '../block/norm.js';
import { headNormBackwardJobs, headNormsBackward } from '../block/head-norms.js';
import { slicedNormBackward, subtractTilts } from '../block/joint-norms.js';
import { NO_PIECE, type AttentionPieces, type MlpPieces } from '../block/order.js';
import { inTurn, type Jobs, type Piece, type PieceContext } from '../block/piece.js';
import { projectionsBackward } from '../block/projections.js';
import { projectedHeads, type ProjectedHead } from '../block/projected-ports.js';
import { rotary, rotaryJobs } from '../block/rotary.js';
import { addToStream } from '../block/stream.js';
import type { Tensor } from '../gpu/arena.js';
import type { NormWeights } from '../model/weights.js';
import type { GradientFrame } from './gradient-frame.js';

/**
 * The way back through the heads of a layer: the gradient at the stream [T, d] -> those at the inputs of its ports
 * [ports, T, d] in `portGradients`. Every port has its own way back through the norm.
 */
export async function bindAttentionBackward(
  context: PieceContext,
  frame: GradientFrame,
  { layer, reads, ports: portCount }: PortGroup,
  heads: Jobs,
): Promise<AttentionPieces> {
  const { tensors, topology, tokens, rules } = frame;
  const { layout } = context.weights;
  const layerWeights = context.weights.layers[layer]!;
  const { head4 } = layout;
  const heads4 = tokens * head4;
  const ports = projectedHeads(topology, layout, 'of every port');
  const at = {
    ...tensors,
    streamGradient: outputGradient(frame),
    projections: frame.projections[layer]!,
    mixedGradient: tensors.zGradient,
    inputGradients: tensors.portGradients,
  };
  const joint = layout.queryKeyNorm === 'projection' ? { ...at, wide: frame.joint[layer]! } : undefined;
  const starts = ports.map(({ port }) => 4 * port * heads4);
  return {
    norm: await normBackward(context, rules, layerWeights.norm1, {
      x: frame.streams[reads]!,
      xRows: tokens,
      gradient: tensors.portGradients,
      rows: portCount * tokens,
    }),
    projections: joint
      ? inTurn([
          await projectionsBackward(context, topology, layerWeights, at),
          await subtractTilts(context, topology, layerWeights, joint),
        ])
      : await projectionsBackward(context, topology, layerWeights, at),
    'head norms': joint
      ? await slicedNormBackward(context, rules, layerWeights.queryKeyNorm!, ports, joint)
      : await bindHeadNormsBackward(context, frame, layer, ports),
    rotary:
      layout.rotaryPairs === 0
        ? NO_PIECE
        : await rotary(context, layer, rotaryJobs(context, starts, tokens), {
            x: tensors.projectionGradients,
            rowStride: 4 * head4,
            angles: tensors,
            back: true,
          }),
    repetition: NO_PIECE,
    pattern: await attentionPatternBackward(context, topology, layer, rules, heads, at),
    mix: await attentionMixBackward(context, topology, layer, rules, heads, at),
    output: await attentionOutputBackward(context, layerWeights, at),
  };
}

/** The way back through norms of single heads. Heads that share keys read the rows of the first one before the norm. */
async function bindHeadNormsBackward(
  context: PieceContext,
  { topology, tensors, tokens, rules, unnormed }: GradientFrame,
  layer: number,
  ports: readonly ProjectedHead[],
): Promise<Piece> {
  const { layout, layers } = context.weights;
  const { head4 } = layout;
  const norm = layers[layer]!.queryKeyNorm;
  if (norm === null) return NO_PIECE;
  const first = new Map(projectedHeads(topology, layout, 'once').map(({ port, matrixHead }) => [matrixHead, port]));
  const places = ports.map(({ port, matrixHead }) => ({
    at: port * tokens * head4,
    gain: matrixHead,
    before: first.get(matrixHead)! * head4,
  }));
  return headNormsBackward(context, rules, norm, headNormBackwardJobs(context, places, tokens), {
    before: { data: unnormed[layer]!, rowStride4: topology.attentionPorts * head4 },
    gradient: { data: tensors.projectionGradients, rowStride4: head4 },
  });
}

/** The way back through an MLP: the gradient at the stream [T, d] -> that at its input [T, d] in `portGradients`. */
export async function bindMlpBackward(
  context: PieceContext,
  frame: GradientFrame,
  { layer, reads }: PortGroup,
): Promise<MlpPieces> {
  const { tensors, tokens, rules } = frame;
  const mlp = context.weights.layers[layer]!.mlp!;
  const at = {
    streamGradient: outputGradient(frame),
    ...frame.preactivations[layer]!,
    hiddenGradient: tensors.hidden,
    gateGradient: tensors.gateGradient,
    inputGradients: tensors.portGradients,
  };
  return {
    norm: await normBackward(context, rules, mlp.norm, {
      x: frame.streams[reads]!,
      xRows: tokens,
      gradient: tensors.portGradients,
      rows: tokens,
    }),
    in: await mlpInBackward(context, mlp, at),
    activation: await mlpActivationBackward(context, mlp, rules, at),
    out: await mlpOutBackward(context, mlp, at),
    'post norm': await bindPostNormBackward(context, frame, mlp.postNorm, frame.mlpSums[layer]!),
  };
}

/** Where the gradient at the outputs of a sublayer's nodes is: at the stream, or before the norm after them. */
export function outputGradient({ tensors, weights }: GradientFrame): Tensor {
  return weights.spec.postNorms ? tensors.sumGradient : tensors.streamGradient;
}

/** The gradient at the stream [T, d] -> that at what the norm after a sublayer reads; nothing without such a norm. */
export async function bindPostNormBackward(
  context: PieceContext,
  { tensors, tokens, rules }: GradientFrame,
  norm: NormWeights | null,
  sum: Tensor,
): Promise<Piece> {
  if (!norm) return NO_PIECE;
  const { streamGradient, sumGradient } = tensors;
  const back = await normBackward(context, rules, norm, { x: sum, xRows: tokens, gradient: sumGradient, rows: tokens });
  return inTurn([{ encode: (recording) => recording.copy(streamGradient, sumGradient) }, back]);
}

/**
 * Adds the gradients at the inputs of some ports to that at the stream which they read. In a parallel block the heads
 * write beside the MLP, not before it: its gradient waits until the way back has passed them.
 */
export async function bindGradientStep(
  context: PieceContext,
  { tensors, topology }: GradientFrame,
  { kind, ports }: PortGroup,
): Promise<Piece> {
  const { portGradients, streamGradient, besideGradient } = tensors;
  if (topology.parallel && kind === 'mlp') {
    const add = await addToStream(context, { outputs: portGradients, parts: 1, stream: besideGradient });
    return inTurn([{ encode: (recording) => recording.clear(besideGradient) }, add]);
  }
  const step = await addToStream(context, { outputs: portGradients, parts: ports, stream: streamGradient });
  if (!topology.parallel) return step;
  return inTurn([step, await addToStream(context, { outputs: besideGradient, parts: 1, stream: streamGradient })]);
}
