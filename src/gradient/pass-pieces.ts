import { attentionPatternHalves, everyHead } from '../block/attention.js';
import type { WriterGroup } from '../block/groups.js';
import type { AttentionPieces, MlpPieces } from '../block/order.js';
import type { Piece, PieceContext } from '../block/piece.js';
import { addToStream } from '../block/stream.js';
import { bindAttentionBackward, bindGradientStep, bindMlpBackward, bindPostNormBackward } from './backward-pieces.js';
import { bindAttention, bindEmbedding, bindMlp, bindStep, bindSubtraction } from './forward-pieces.js';
import type { GradientFrame } from './gradient-frame.js';
import { bindEnd } from './metric-end.js';

/** The pieces between a stream and the outputs of the nodes that read it, both ways. */
export type NodePieces =
  | { readonly kind: 'heads'; readonly pieces: AttentionPieces }
  | { readonly kind: 'mlp'; readonly pieces: MlpPieces };

export type PassPieces = Awaited<ReturnType<typeof bindPass>>;

/** Binds every piece of a pass that does not depend on the prompts' answers. */
export async function bindPass(context: PieceContext, frame: GradientFrame, scores: boolean) {
  const { weights } = context;
  const { tensors, topology, groups, portGroups } = frame;
  const heads = everyHead(context);
  return {
    embeddings: {
      clean: await bindEmbedding(context, frame, tensors.cleanIds),
      corrupted: await bindEmbedding(context, frame, tensors.corruptedIds),
    },
    /** The first stream in two steps: see bindEmbedding for its tokens. */
    addEmbedding: await addToStream(context, {
      outputs: tensors.portGradients,
      parts: 1,
      stream: frame.streams[0]!,
    }),
    /** By layer, where scores can be read and set. */
    patternHalves: scores
      ? await Promise.all(
          frame.projections.map((projections, layer) =>
            attentionPatternHalves(context, topology, layer, heads, { projections, pattern: tensors.pattern }),
          ),
        )
      : undefined,
    /** By writer group: what makes its outputs; none for the input. */
    nodes: await Promise.all(
      groups.map(async (group: WriterGroup): Promise<NodePieces | undefined> => {
        if (group.kind === 'heads') return { kind: 'heads', pieces: await bindAttention(context, frame, group, heads) };
        return group.kind === 'mlp' ? { kind: 'mlp', pieces: await bindMlp(context, frame, group) } : undefined;
      }),
    ),
    /** By writer group. */
    subtractions: await Promise.all(groups.map((group) => bindSubtraction(context, frame, group))),
    steps: await Promise.all(groups.map((group) => bindStep(context, frame, group))),
    /** By port group: the way back to the inputs of its ports, and to their stream; none for the logits. */
    backward: await Promise.all(
      portGroups.map(async (group): Promise<(NodePieces & { readonly step: Piece }) | undefined> => {
        if (group.kind === 'logits') return undefined;
        const step = await bindGradientStep(context, frame, group);
        if (group.kind === 'mlp') return { kind: 'mlp', pieces: await bindMlpBackward(context, frame, group), step };
        return { kind: 'heads', pieces: await bindAttentionBackward(context, frame, group, heads), step };
      }),
    ),
    /** By layer: from the stream's gradient to that at the outputs of its heads. */
    postNormBackward: await Promise.all(
      weights.layers.map(({ attentionPostNorm }, layer) =>
        bindPostNormBackward(context, frame, attentionPostNorm, frame.attentionSums[layer]!),
      ),
    ),
    end: await bindEnd(context, frame),
  };
}
