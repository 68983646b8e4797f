import { sliceOf, type Tensor } from '../gpu/arena.js';
import { attentionMix, attentionPattern } from '../block/attention.js';
import { attentionOutput, everyHeadOutput } from '../block/attention-output.js';
import { embedding } from '../block/embedding.js';
import type { WriterGroup } from '../block/groups.js';
import { mlpActivation, mlpIn, mlpOut } from '../block/mlp.js';
import { norm } from '../block/norm.js';
import { BRANCHES } from '../circuit/nodes.js';
import { NO_PIECE, type AttentionPieces, type MlpPieces } from '../block/order.js';
import { inTurn, type Jobs, type Piece, type PieceContext } from '../block/piece.js';
import { wholeProducts } from '../block/product.js';
import { sharedProjections } from '../block/projections.js';
import { bindQueriesAndKeys } from './queries-and-keys.js';
import { addToStream, subtractOutputs } from '../block/stream.js';
import type { GradientFrame } from './gradient-frame.js';

/** The heads of a layer: its stream [T, d] -> outputs [H, T, d] in `portGradients`. Keeps the projections. */
export async function bindAttention(
  context: PieceContext,
  frame: GradientFrame,
  { layer, index }: WriterGroup,
  heads: Jobs,
): Promise<AttentionPieces> {
  const { tensors, topology, tokens } = frame;
  const { normed, pattern, z: mixed, portGradients: outputs } = tensors;
  const layerWeights = context.weights.layers[layer]!;
  const at = { normed, projections: frame.projections[layer]!, pattern, mixed, outputs };
  const { head4 } = context.weights.layout;
  const outputJobs = everyHeadOutput(context, layerWeights, tokens, (head) => head * tokens * head4);
  const finished = await bindQueriesAndKeys(context, frame, layer, {
    projections: at.projections,
    parts: topology.attentionPorts,
    branches: BRANCHES,
    rows: tokens,
    normed,
    joint: frame.joint[layer]!,
  });
  const unnormed = frame.unnormed[layer]!;
  return {
    norm: await norm(context, layerWeights.norm1, { x: frame.readBy(index), y: normed }, tokens),
    projections: await sharedProjections(context, topology, layerWeights, at),
    'head norms':
      context.weights.layout.queryKeyNorm === 'head'
        ? inTurn([{ encode: (recording) => recording.copy(at.projections, unnormed) }, finished['head norms']])
        : finished['head norms'],
    rotary: finished.rotary,
    repetition: finished.repetition,
    pattern: await attentionPattern(context, topology, layer, heads, at),
    mix: await attentionMix(context, topology, layer, heads, at),
    output: await attentionOutput(context, layerWeights, outputJobs, at),
  };
}

/** An MLP: its stream [T, d] -> its output [T, d] in `portGradients`. Keeps the hidden layer before its activation. */
export async function bindMlp(
  context: PieceContext,
  frame: GradientFrame,
  { layer, index }: WriterGroup,
): Promise<MlpPieces> {
  const { tensors, tokens } = frame;
  const { normed, hidden: activated, portGradients: outputs } = tensors;
  const { layers, layout } = context.weights;
  const mlp = layers[layer]!.mlp!;
  const preactivations = frame.preactivations[layer]!;
  const sum = frame.mlpSums[layer]!;
  const whole = [{ a: 0, out: 0 }];
  const into = wholeProducts(context, mlp.in, whole, { rows: tokens, inner4: layout.width4 });
  const out = wholeProducts(context, mlp.out, whole, { rows: tokens, inner4: layout.mlp4 });
  return {
    norm: await norm(context, mlp.norm, { x: frame.readBy(index), y: normed }, tokens),
    in: await mlpIn(context, mlp, into, { normed, ...preactivations }),
    activation: await mlpActivation(context, mlp, { ...preactivations, activated }),
    out: await mlpOut(context, mlp, out, { activated, outputs: mlp.postNorm ? sum : outputs }),
    'post norm': mlp.postNorm ? await norm(context, mlp.postNorm, { x: sum, y: outputs }, tokens) : NO_PIECE,
  };
}

/**
 * What a side's tokens [T] give: the first stream, and in `portGradients` the outputs of the writer `input`, or the
 * embeddings of the tokens alone.
 */
export async function bindEmbedding(
  context: PieceContext,
  { streams, tensors, input }: GradientFrame,
  ids: Tensor,
): Promise<Readonly<Record<'stream' | 'outputs' | 'tokens', Piece>>> {
  return {
    stream: await embedding(context, { ids, outputs: streams[0]! }, 'token+position'),
    outputs: await embedding(context, { ids, outputs: tensors.portGradients }, input),
    tokens: await embedding(context, { ids, outputs: tensors.portGradients }, 'token'),
  };
}

/** Turns what cut edges carry into its difference to the outputs of a group, which are in `portGradients`. */
export function bindSubtraction(
  context: PieceContext,
  { tensors }: GradientFrame,
  { firstWriter, writers }: WriterGroup,
): Promise<Piece> {
  const { portGradients: outputs, differences } = tensors;
  return subtractOutputs(context, { outputs, sameAtEveryToken: false, differences, firstWriter, writers });
}

/**
 * What makes a group's stream out of the one before it. A norm after the heads comes between their sum, which the move
 * towards the ablated outputs belongs to, and the stream.
 */
export interface StepPieces {
  /** Copies the stream before; the first stream has its outputs already. */
  readonly copy: Piece;
  /** Adds the group's outputs, its bias, and what moves the run towards the ablated outputs. */
  readonly add: Piece;
  /** The same in two halves: what the group adds into zeros in `normed`, then that and the move to the stream. */
  readonly sum: Piece;
  readonly addSum: Piece;
}

export async function bindStep(context: PieceContext, frame: GradientFrame, group: WriterGroup): Promise<StepPieces> {
  const { weights } = context;
  const { tensors, streams, tokens } = frame;
  const { index, kind, layer, firstWriter, writers, biases } = group;
  const stream = streams[index]!;
  const before = streams[index - 1];
  const bias = { before: weights.attentionBias[biases.before]!, after: weights.attentionBias[biases.after]! };
  const shift = { shift: frame.shift, group: index, differences: tensors.differences, firstWriter, writers };
  const outputs = { outputs: tensors.portGradients, parts: before ? writers : 0, bias };
  const size = tokens * 4 * weights.layout.width4;
  const copy: Piece = {
    encode(recording) {
      if (before) recording.copy(sliceOf(before, 0, size), sliceOf(stream, 0, size));
    },
  };
  const postNorm = kind === 'heads' ? weights.layers[layer]!.attentionPostNorm : null;
  if (postNorm) {
    const sum = frame.attentionSums[layer]!;
    const inNorm = { before: weights.attentionBias[0]!, after: weights.layers[layer]!.attentionOutBias };
    const normed = inTurn([
      { encode: (recording) => recording.clear(sum) },
      await addToStream(context, { ...outputs, bias: inNorm, shift, stream: sum }),
      await norm(context, postNorm, { x: sum, y: tensors.normed }, tokens),
    ]);
    const addSum = await addToStream(context, { outputs: tensors.normed, parts: 1, stream });
    return { copy, add: inTurn([normed, addSum]), sum: normed, addSum };
  }
  return {
    copy,
    add: await addToStream(context, { ...outputs, shift, stream }),
    sum: await addToStream(context, { ...outputs, stream: tensors.normed }),
    addSum: await addToStream(context, { outputs: tensors.normed, parts: 1, shift, stream }),
  };
}
