import { norm } from '../block/norm.js';
import { inTurn, type Piece } from '../block/piece.js';
import { addToStream, type Addition } from '../block/stream.js';
import type { InputKind } from '../circuit/run-identity.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { portConstants } from '../pass/port-inputs.js';
import { inspectionTensors } from './inspection-plan.js';

/**
 * What the norms of a run multiply with at every token [T], 1 / their standard deviation or root mean square. With
 * these as constants of the run a norm is linear: what a part of a stream adds is its deviation from its mean, where
 * norms subtract means, times the scale and the gain.
 */
export interface NormScales {
  /** Per layer, of the norm before its attention. Ones in a model without such norms. */
  readonly before: readonly Float64Array[];
  /** Per layer, of the norm of what its heads add up to. Ones in a model without such norms. */
  readonly after: readonly Float64Array[];
  readonly final: Float64Array;
}

/**
 * The scales of a whole pass. The stream is added up anew from the outputs of the writers, layer by layer, and its rows
 * are read on the host.
 */
export async function normScales(
  arena: Arena,
  pass: PatchedPass,
  weights: ModelWeights,
  input: InputKind,
): Promise<NormScales> {
  const { gpu, layout, spec } = weights;
  const { prompts, sequence } = pass.shape;
  const tokens = prompts * sequence;
  const width = 4 * layout.width4;
  const context = { arena, weights, tokens, sequence };
  const shapes = inspectionTensors(pass.topology, layout, pass.shape);
  const stream = arena.tensor('stream', shapes.stream);
  const outputs = arena.tensor('outputs that are added', shapes.addedOutputs);
  const sum = arena.tensor('their sum', shapes.addedSum);
  const { topology } = pass;
  // A binding must begin at a multiple of 256 bytes, a copy need not.
  const copied = (first: number, count: number): Piece => ({
    encode: (recording) =>
      recording.copy(
        sliceOf(pass.writers, first * tokens * width, count * tokens * width),
        sliceOf(outputs, 0, count * tokens * width),
      ),
  });
  const added = async (first: number, count: number, bias?: Addition['bias']): Promise<Piece> =>
    inTurn([
      copied(first, count),
      await addToStream(context, { outputs, parts: count, ...(bias && { bias }), stream }),
    ]);
  const ones = new Float64Array(tokens).fill(1);
  const scalesOf = async (piece: Piece, tensor: Tensor): Promise<Float64Array> => {
    const recording = gpu.record();
    piece.encode(recording);
    const copy = recording.readback(tensor);
    recording.submit();
    return rowScales(new Float32Array(await copy()), width, weights);
  };

  const noBias = weights.attentionBias[0]!;
  const everyToken = Uint32Array.from({ length: tokens }, (_, t) => t);
  const constants = await portConstants(context, { anyWriters: pass.writers, bias: noBias, input }, everyToken, stream);
  // What is recorded, and not yet submitted.
  let pending: Piece = inTurn([constants, await added(0, 1)]);
  const before: Float64Array[] = [];
  const after: Float64Array[] = [];
  for (const [layer, { attentionPostNorm, attentionOutBias }] of weights.layers.entries()) {
    const first = topology.headWriter(layer, 0);
    if (spec.preNorms) {
      before.push(await scalesOf(pending, stream));
      pending = inTurn([]);
    } else before.push(ones);
    if (attentionPostNorm) {
      const bias = { before: noBias, after: attentionOutBias };
      const heads = inTurn([
        pending,
        { encode: (recording) => recording.clear(sum) },
        copied(first, topology.heads),
        await addToStream(context, { outputs, parts: topology.heads, bias, stream: sum }),
      ]);
      after.push(await scalesOf(heads, sum));
      pending = inTurn([
        await norm(context, attentionPostNorm, { x: sum, y: outputs }, tokens),
        await addToStream(context, { outputs, parts: 1, stream }),
      ]);
    } else {
      const bias = { before: weights.attentionBias[layer]!, after: weights.attentionBias[layer + 1]! };
      pending = inTurn([pending, await added(first, topology.heads, bias)]);
      after.push(ones);
    }
    if (!topology.attentionOnly) pending = inTurn([pending, await added(topology.mlpWriter(layer), 1)]);
  }
  return { before, after, final: await scalesOf(pending, stream) };
}

/**
 * What a norm of the model multiplies every row with, before its gain [T].
 *
 * @param rows [T, stride], whose first columns are those of the model.
 */
export function rowScales(
  rows: Float32Array,
  stride: number,
  { spec }: Pick<ModelWeights, 'spec'>,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: rows.length / stride }, (_, t) => {
    const row = Float64Array.from(rows.subarray(t * stride, t * stride + spec.width));
    const mean = spec.norm.kind === 'layer' ? row.reduce((sum, x) => sum + x, 0) / spec.width : 0;
    const square = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / spec.width;
    return 1 / Math.sqrt(square + spec.norm.epsilon);
  });
}
