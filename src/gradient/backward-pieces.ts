import { attentionMixBackward, attentionOutputBackward, attentionPatternBackward } from '../block/attention.js';
import type { PortGroup } from '../block/groups.js';
import { mlpActivationBackward, mlpInBackward, mlpOutBackward } from '../block/mlp.js';
import { normBackward } from '../block/norm.js';
import type { AttentionPieces, MlpPieces } from '../block/order.js';
import type { Jobs, Piece, PieceContext } from '../block/piece.js';
import { projectionsBackward } from '../block/projections.js';
import type { BackwardRules } from '../block/rules.js';
import { addToStream } from '../block/stream.js';
import type { GradientFrame } from './gradient-frame.js';

/**
 * The way back through the heads of a layer: the gradient at the stream [T, d] -> those at the inputs of its ports
 * [ports, T, d] in `portGradients`. Every port has its own way back through the norm.
 */
export async function bindAttentionBackward(
  context: PieceContext,
  frame: GradientFrame,
  rules: BackwardRules,
  { layer, reads, ports }: PortGroup,
  heads: Jobs,
): Promise<AttentionPieces> {
  const { tensors, topology, tokens } = frame;
  const layerWeights = context.weights.layers[layer]!;
  const at = {
    ...tensors,
    projections: frame.projections[layer]!,
    mixedGradient: tensors.zGradient,
    inputGradients: tensors.portGradients,
  };
  return {
    norm: await normBackward(context, rules, layerWeights.norm1, {
      x: frame.streams[reads]!,
      xRows: tokens,
      gradient: tensors.portGradients,
      rows: ports * tokens,
    }),
    projections: await projectionsBackward(context, topology, layerWeights, at),
    pattern: await attentionPatternBackward(context, topology, layer, rules, heads, at),
    mix: await attentionMixBackward(context, topology, layer, rules, heads, at),
    output: await attentionOutputBackward(context, layerWeights, at),
  };
}

/** The way back through an MLP: the gradient at the stream [T, d] -> that at its input [T, d] in `portGradients`. */
export async function bindMlpBackward(
  context: PieceContext,
  frame: GradientFrame,
  rules: BackwardRules,
  { layer, reads }: PortGroup,
): Promise<MlpPieces> {
  const { tensors, tokens } = frame;
  const mlp = context.weights.layers[layer]!.mlp!;
  const at = {
    streamGradient: tensors.streamGradient,
    before: frame.preactivations[layer]!,
    hiddenGradient: tensors.hidden,
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
    activation: await mlpActivationBackward(context, mlp, rules.identityRule, at),
    out: await mlpOutBackward(context, mlp, at),
  };
}

/** Adds the gradients at the inputs of some ports to that at the stream which they read. */
export function bindGradientStep(context: PieceContext, { tensors }: GradientFrame, parts: number): Promise<Piece> {
  return addToStream(context, { outputs: tensors.portGradients, parts, stream: tensors.streamGradient });
}
