import { groupsOf64 } from '../gpu/workgroups.js';
import type { Arena } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { NormWeights } from '../model/weights.js';
import { bindActivationBackward } from '../block/activation.js';
import { bindPattern } from './forward-operations.js';
import { type GradientFrame } from './gradient-frame.js';
import { matmulTransposed, runTransposed } from '../gpu/product/transposed.js';
import type { BackwardRules } from './rules.js';

/**
 * Records the gradients at the inputs of a group of ports into `portGradients`, from `streamGradient` after what they
 * feed.
 */
export type EncodeGradients = (recording: Recording) => void;

/**
 * The gradient at the inputs of the 3H ports of a layer's heads [3H, T, width], every port with its own way back through
 * the norm. `patterns` comes first and leaves the patterns and the gradient there in `pattern` and `scoreGradient`, for
 * those who read them.
 */
export async function bindHeadsBackward(
  arena: Arena,
  frame: GradientFrame,
  rules: BackwardRules,
  layer: number,
): Promise<{ readonly patterns: EncodeGradients; readonly ports: EncodeGradients }> {
  const { weights, tensors, topology, tokens, shape } = frame;
  const { width4, head4 } = weights.layout;
  const { heads } = topology;
  const { sequence } = shape;
  const own = weights.layers[layer]!;
  const projections = frame.projections[layer]!;
  const zGradient = await matmulTransposed(arena, own.attentionOut, {
    dy: tensors.streamGradient,
    out: tensors.zGradient,
    rows: tokens,
    dyStride: width4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: width4 }],
  });
  const pattern = await bindPattern(arena, frame, layer, 1);
  const patternGradient = await arena.operation('attention_pattern_gradients', {
    buffers: { dz: tensors.zGradient, projections, dp: tensors.scoreGradient },
    params: { tokens, sequence, heads, head4 },
    overrides: {},
  });
  const softened =
    rules.softmaxTemperature === 1 ? undefined : await bindPattern(arena, frame, layer, rules.softmaxTemperature);
  const softmax = await arena.operation('softmax_backward', {
    buffers: { p: tensors.pattern, gradient: tensors.scoreGradient },
    params: { rows: heads * tokens, columns: sequence, scale: weights.spec.attention.scale[layer]! },
    overrides: {},
  });
  const sum = (
    w: BufferSlice,
    x: BufferSlice,
    at: { readonly xHeads: number; readonly xFirst: number; readonly outFirst: number },
    overQueries: boolean,
    factor: number,
  ): Promise<Operation> =>
    arena.operation('attention_gradients', {
      buffers: { w, x, out: tensors.projectionGradients },
      params: { tokens, sequence, head4, x_heads: at.xHeads, x_first: at.xFirst, out_first: at.outFirst, factor },
      overrides: { OVER_QUERIES: overQueries ? 1 : 0 },
    });
  const { q, k, v } = rules.factors;
  const queries = { xHeads: 3 * heads, xFirst: heads, outFirst: 0 };
  const keys = { xHeads: 3 * heads, xFirst: 0, outFirst: heads };
  const values = { xHeads: heads, xFirst: 0, outFirst: 2 * heads };
  const atQueries = await sum(tensors.scoreGradient, projections, queries, false, q);
  const atKeys = await sum(tensors.scoreGradient, projections, keys, true, k);
  const atValues = await sum(tensors.pattern, tensors.zGradient, values, true, v);
  const inputs = await matmulTransposed(arena, own.qkv, {
    dy: tensors.projectionGradients,
    out: tensors.portGradients,
    rows: tokens,
    dyStride: head4,
    jobs: Array.from({ length: 3 * heads }, (_, port) => ({
      dy: port * tokens * head4,
      out: port * tokens * width4,
      firstColumn4: port * head4,
      endColumn4: (port + 1) * head4,
    })),
  });
  const norm = await bindNormBackward(arena, frame, rules, {
    x: frame.streams[2 * layer]!,
    xRows: tokens,
    norm: own.norm1,
    gradient: tensors.portGradients,
    rows: 3 * heads * tokens,
  });
  const perHeadRow = groupsOf64(tokens * head4);
  return {
    patterns(recording) {
      runTransposed(weights.gpu, recording, zGradient);
      pattern(recording);
      recording.dispatch(patternGradient, groupsOf64(tokens), heads);
    },
    ports(recording) {
      recording.dispatch(atValues, perHeadRow, heads);
      softened?.(recording);
      recording.dispatchRows(softmax, groupsOf64(heads * tokens));
      recording.dispatch(atQueries, perHeadRow, heads);
      recording.dispatch(atKeys, perHeadRow, heads);
      runTransposed(weights.gpu, recording, inputs);
      recording.dispatchRows(norm, 3 * heads * tokens);
    },
  };
}

/** The gradient at an MLP's input [T, width]. */
export async function bindMlpBackward(
  arena: Arena,
  frame: GradientFrame,
  rules: BackwardRules,
  layer: number,
): Promise<EncodeGradients> {
  const { weights, tensors, tokens } = frame;
  const { spec, layout } = weights;
  const { width4, mlp4 } = layout;
  const own = weights.layers[layer]!;
  const out = await matmulTransposed(arena, own.mlpOut, {
    dy: tensors.streamGradient,
    out: tensors.hidden,
    rows: tokens,
    dyStride: width4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: width4 }],
  });
  const activation = await bindActivationBackward(
    arena,
    spec.mlp.activation,
    rules.identityRule,
    frame.preactivations[layer]!,
    tensors.hidden,
    tokens * mlp4,
  );
  const into = await matmulTransposed(arena, own.mlpIn, {
    dy: tensors.hidden,
    out: tensors.portGradients,
    rows: tokens,
    dyStride: mlp4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: mlp4 }],
  });
  const norm = await bindNormBackward(arena, frame, rules, {
    x: frame.streams[2 * layer + 1]!,
    xRows: tokens,
    norm: own.norm2,
    gradient: tensors.portGradients,
    rows: tokens,
  });
  return (recording) => {
    runTransposed(weights.gpu, recording, out);
    recording.dispatchRows(activation, groupsOf64(tokens * mlp4));
    runTransposed(weights.gpu, recording, into);
    recording.dispatchRows(norm, tokens);
  };
}

/** A gradient on its way back through a norm, in place. */
interface NormBackward {
  readonly x: BufferSlice;
  readonly xRows: number;
  readonly norm: NormWeights;
  readonly gradient: BufferSlice;
  readonly rows: number;
}

export function bindNormBackward(
  arena: Arena,
  { weights: { spec, layout } }: GradientFrame,
  { frozenNorms }: BackwardRules,
  { x, xRows, norm, gradient, rows }: NormBackward,
): Promise<Operation> {
  return arena.operation('norm_backward', {
    buffers: { x, gain: norm.gain, gradient },
    params: { rows, x_rows: xRows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: { FROZEN: frozenNorms ? 1 : 0 },
  });
}

/** Adds the gradients of `ports` ports to that at the stream which they read. */
export async function bindGradientStep(arena: Arena, frame: GradientFrame, ports: number): Promise<EncodeGradients> {
  const { weights, tensors, tokens } = frame;
  const { width4 } = weights.layout;
  const noBias = weights.attentionBias[0]!;
  const add = await arena.operation('add_to_stream', {
    buffers: {
      outputs: tensors.portGradients,
      bias_before: noBias,
      bias_after: noBias,
      shift: frame.shift,
      differences: tensors.differences,
      stream: tensors.streamGradient,
    },
    params: { tokens, width4, parts: ports, group: 0, first_writer: 0, shifted: 0 },
    overrides: {},
  });
  return (recording) => recording.dispatchRows(add, groupsOf64(tokens * width4));
}
