import type { Arena } from '../gpu/arena.js';
import type { Operation } from '../gpu/gpu.js';
import { PANEL4, type NormWeights } from '../model/weights.js';
import { fixedProduct, matmul, type MatmulOperation } from './matmul.js';
import type { PassFrame } from './pass-frame.js';

/** Operations of one layer that depend on nothing but the model and the sizes of the pass. */
export interface LayerOperations {
  readonly norm1: Operation;
  /** One per chunk of the q/k/v matrix. */
  readonly projections: readonly MatmulOperation[];
  readonly pattern: Operation;
  readonly mix: Operation;
  readonly attentionOut: readonly MatmulOperation[];
  readonly norm2: Operation;
  readonly mlpIn: readonly MatmulOperation[];
  readonly mlpOut: readonly MatmulOperation[];
}

/** Invocations per workgroup of the kernels that give a workgroup to each row. */
export const ROW_WORKGROUP = 16;

export async function bindLayer(arena: Arena, frame: PassFrame, layer: number): Promise<LayerOperations> {
  const { tensors, topology, shape, tokens } = frame;
  const { spec, layout, layers } = frame.weights;
  const { width4, head4, mlp4 } = layout;
  const { heads } = topology;
  const weights = layers[layer]!;
  const circuits = Array.from({ length: shape.circuits }, (_, c) => c);
  const writerAt = (c: number, writer: number): number => (c * topology.writers.length + writer) * tokens * width4;
  const attention = { tokens, sequence: shape.sequence, heads, head4 };

  return {
    norm1: await bindNorm(arena, frame, weights.norm1, shape.circuits * 3 * heads * tokens),
    projections: await Promise.all(
      weights.qkv.chunks.map((_, i) =>
        matmul(arena, weights.qkv, i, {
          a: tensors.normed,
          out: tensors.ports,
          rows: tokens,
          inner4: width4,
          outStride: 3 * heads * head4,
          jobs: frame.control,
          jobsAt: frame.tables.projections[layer]![i]!.jobsAt,
          panels: 1, // a job is (part of) one panel
          bias: weights.qkvBias,
        }),
      ),
    ),
    pattern: await arena.operation('attention_pattern', {
      buffers: { ports: tensors.ports, pattern: tensors.pattern },
      params: { ...attention, scale: spec.attention.scale[layer]! },
      overrides: {},
    }),
    mix: await arena.operation('attention_mix', {
      buffers: { ports: tensors.ports, pattern: tensors.pattern, z: tensors.z },
      params: attention,
      overrides: {},
    }),
    attentionOut: await fixedProduct(
      arena,
      weights.attentionOut,
      { a: tensors.z, out: tensors.live, rows: tokens, inner4: head4, outStride: width4, bias: undefined },
      circuits.flatMap((c) =>
        Array.from({ length: heads }, (_, h) => ({
          a: (c * heads + h) * tokens * head4,
          out: writerAt(c, topology.headWriter(layer, h)),
          weight: h * 4 * head4 * PANEL4,
        })),
      ),
    ),
    norm2: await bindNorm(arena, frame, weights.norm2, shape.circuits * tokens),
    mlpIn: await fixedProduct(
      arena,
      weights.mlpIn,
      {
        a: tensors.normed,
        out: tensors.hidden,
        rows: tokens,
        inner4: width4,
        outStride: mlp4,
        bias: weights.mlpInBias,
        activation: spec.mlp.activation,
      },
      circuits.map((c) => ({ a: c * tokens * width4, out: c * tokens * mlp4 })),
    ),
    mlpOut: await fixedProduct(
      arena,
      weights.mlpOut,
      { a: tensors.hidden, out: tensors.live, rows: tokens, inner4: mlp4, outStride: width4, bias: weights.mlpOutBias },
      circuits.map((c) => ({ a: c * tokens * mlp4, out: writerAt(c, topology.mlpWriter(layer)) })),
    ),
  };
}

/** From `inputs` to `normed`, for up to `rows` rows. */
export function bindNorm(arena: Arena, frame: PassFrame, norm: NormWeights, rows: number): Promise<Operation> {
  const { spec, layout } = frame.weights;
  return arena.operation('layer_norm', {
    buffers: { x: frame.tensors.inputs, gain: norm.gain, bias: norm.bias, y: frame.tensors.normed },
    params: { rows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: { WORKGROUP: ROW_WORKGROUP },
  });
}
