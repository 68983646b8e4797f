import { normOfParts } from '../block/norm.js';
import { inTurn, type Piece, type PieceContext } from '../block/piece.js';
import { addToStream } from '../block/stream.js';
import { sliceOf, type Tensor } from '../gpu/arena.js';
import type { PatchedPass } from '../pass/patched-pass.js';

/** Tensors that it works in, see inspectionTensors. */
export type PostNormTensors = Readonly<
  Record<
    | 'throughNorms'
    | 'layerOutputs'
    | 'layerSum'
    | 'layerSumRows'
    | 'headsThroughNorm'
    | 'biasThroughNorm'
    | 'constants',
    Tensor
  >
>;

/**
 * What every writer of a whole pass adds to the stream at some tokens, in a model that norms what the heads of a layer
 * add up to. The scale of that norm is a constant of the run: heads and output bias then add up to what the layer adds.
 *
 *   outputs [W, T, d] -> through the norms [W, N, d]; the biases' part is added to `constants` [N, d]
 */
export async function bindThroughPostNorms(
  context: PieceContext,
  pass: PatchedPass,
  metricTokens: Uint32Array<ArrayBuffer>,
  tensors: PostNormTensors,
): Promise<Piece> {
  const { arena, weights } = context;
  const { topology } = pass;
  const prompts = metricTokens.length;
  const width = 4 * weights.layout.width4;
  const { throughNorms, layerOutputs, layerSum, layerSumRows, headsThroughNorm, biasThroughNorm, constants } = tensors;
  const ofWriters = (tensor: Tensor, rows: number, first: number, count = 1) =>
    sliceOf(tensor, first * rows * width, count * rows * width);
  const rows = arena.upload('metric rows', metricTokens);
  const firstRow = arena.upload('row of the bias', new Uint32Array(prompts));
  const noBias = weights.attentionBias[0]!;
  const layers = weights.layers.map(async ({ attentionPostNorm, attentionOutBias }, layer): Promise<Piece> => {
    const first = topology.headWriter(layer, 0);
    const outputs = ofWriters(pass.writers, context.tokens, first, topology.heads);
    // A binding must begin at a multiple of 256 bytes, a copy need not.
    const norm = { stream: layerSumRows, streams: prompts, bias: noBias };
    return inTurn([
      {
        encode(recording) {
          recording.copy(outputs, layerOutputs);
          recording.clear(layerSum);
        },
      },
      await addToStream(context, {
        outputs: layerOutputs,
        parts: topology.heads,
        bias: { before: noBias, after: attentionOutBias },
        stream: layerSum,
      }),
      copiedRows(metricTokens, layerSum, layerSumRows, width),
      await normOfParts(context, attentionPostNorm!, {
        ...norm,
        x: layerOutputs,
        parts: topology.heads,
        tokens: context.tokens,
        rows,
        y: headsThroughNorm,
      }),
      {
        encode: (recording) =>
          recording.copy(headsThroughNorm, ofWriters(throughNorms, prompts, first, topology.heads)),
      },
      await normOfParts(context, attentionPostNorm!, {
        ...norm,
        x: attentionOutBias,
        parts: 1,
        tokens: 1,
        rows: firstRow,
        y: biasThroughNorm,
      }),
      await addToStream({ ...context, tokens: prompts }, { outputs: biasThroughNorm, parts: 1, stream: constants }),
    ]);
  });
  const others = topology.writers.flatMap((writer, w) =>
    writer.kind === 'head'
      ? []
      : [
          copiedRows(
            metricTokens,
            ofWriters(pass.writers, context.tokens, w),
            ofWriters(throughNorms, prompts, w),
            width,
          ),
        ],
  );
  return inTurn([...others, ...(await Promise.all(layers))]);
}

/** Copies some rows [T, d] side by side [N, d]. */
function copiedRows(
  rows: Uint32Array,
  from: ReturnType<typeof sliceOf>,
  to: ReturnType<typeof sliceOf>,
  width: number,
): Piece {
  const bytes = 4 * width;
  return {
    encode(recording) {
      rows.forEach((row, n) => {
        const source = { buffer: from.buffer, offset: from.offset + row * bytes, size: bytes };
        recording.copy(source, { buffer: to.buffer, offset: to.offset + n * bytes, size: bytes });
      });
    },
  };
}
