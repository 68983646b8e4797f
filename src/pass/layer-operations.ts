import { ACTIVATIONS } from '../block/activation.js';
import type { Arena } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import type { Matrix } from '../gpu/product/matrix.js';
import type { NormWeights } from '../model/weights.js';
import type { JobTable } from './table-layout.js';
import { matmul, type MatmulOperation, type MatmulUse } from '../gpu/product/matmul.js';
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

export async function bindLayer(arena: Arena, frame: PassFrame, layer: number): Promise<LayerOperations> {
  const { tensors, topology, shape, tokens } = frame;
  const { spec, layout, layers } = frame.weights;
  const { width4, head4, mlp4 } = layout;
  const { heads } = topology;
  const weights = layers[layer]!;
  const projections = frame.projections[layer]!;
  const tables = frame.tables.layers[layer]!;
  const attention = { tokens, sequence: shape.sequence, heads, head4, jobs_at: tables.heads.jobsAt };
  /** A product with all chunks of a matrix, its jobs in the tables of circuits. */
  const product = (
    matrix: Matrix,
    jobs: readonly JobTable[],
    use: Omit<MatmulUse, 'rows' | 'jobs' | 'jobsAt'>,
  ): Promise<MatmulOperation[]> =>
    Promise.all(
      matrix.chunks.map((_, i) =>
        matmul(arena, matrix, i, { ...use, rows: tokens, jobs: frame.control, jobsAt: jobs[i]!.jobsAt }),
      ),
    );

  return {
    norm1: await bindNorm(arena, frame, weights.norm1, shape.circuits * 3 * heads * tokens),
    projections: await product(weights.qkv, tables.projections, {
      a: tensors.normed,
      out: projections,
      inner4: width4,
      outStride: 3 * heads * head4,
      panels: 1, // a job is (part of) one panel
      bias: weights.qkvBias,
    }),
    pattern: await arena.operation('attention_pattern', {
      buffers: { control: frame.control, projections, pattern: tensors.pattern },
      params: { ...attention, scale: spec.attention.scale[layer]! },
      overrides: {},
    }),
    mix: await arena.operation('attention_mix', {
      buffers: { control: frame.control, projections, pattern: tensors.pattern, z: tensors.z },
      params: attention,
      overrides: {},
    }),
    attentionOut: await product(weights.attentionOut, tables.attentionOut, {
      a: tensors.z,
      out: frame.outputs,
      inner4: head4,
      outStride: width4,
      bias: undefined,
    }),
    norm2: await bindNorm(arena, frame, weights.norm2, shape.circuits * tokens),
    mlpIn: await product(weights.mlpIn, tables.mlpIn, {
      a: tensors.normed,
      out: tensors.hidden,
      inner4: width4,
      outStride: mlp4,
      bias: weights.mlpInBias,
      activation: ACTIVATIONS[spec.mlp.activation],
    }),
    mlpOut: await product(weights.mlpOut, tables.mlpOut, {
      a: tensors.hidden,
      out: frame.outputs,
      inner4: mlp4,
      outStride: width4,
      bias: weights.mlpOutBias,
    }),
  };
}

/** From `inputs` to `normed`, for up to `rows` rows. */
export function bindNorm(arena: Arena, frame: PassFrame, norm: NormWeights, rows: number): Promise<Operation> {
  const { spec, layout } = frame.weights;
  return arena.operation('layer_norm', {
    buffers: { x: frame.tensors.inputs, gain: norm.gain, bias: norm.bias, y: frame.tensors.normed },
    params: { rows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: {},
  });
}
