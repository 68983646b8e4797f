import { groupsOf64 } from '../gpu/workgroups.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import { jobSize, packJob, type BufferSlice } from '../gpu/kernel.js';
import { PANEL4, type Matrix } from '../gpu/product/matrix.js';
import { type NormWeights } from '../model/weights.js';
import {
  everyRow,
  matmul,
  runMatmul,
  wholeJobs,
  type MatmulOperation,
  type MatmulUse,
  type WholeJob,
} from '../gpu/product/matmul.js';
import { bindActivation } from '../block/activation.js';
import { type GradientFrame } from './gradient-frame.js';
import { productWork } from '../gpu/work.js';
import type { WriterGroup } from './writer-groups.js';

/** Records the outputs of one writer group into `portGradients`, from the stream before it. */
export type EncodeOutputs = (recording: Recording) => void;

/** The list of heads that the attention kernels compute: all of them. */
export function everyHead(arena: Arena, { topology, tokens }: GradientFrame): Tensor {
  const { heads } = topology;
  const jobs = Array.from({ length: heads }, (_, head) =>
    packJob('attention_pattern', { circuit_head: head, rows_at: heads * jobSize('attention_pattern'), rows: tokens }),
  );
  const rows = Array.from({ length: tokens }, (_, t) => t);
  return arena.upload('heads', Uint32Array.from([...jobs.flat(), ...rows]));
}

/** Outputs of the writer `input` for one side's tokens; where `positions`, with the position embeddings. */
export async function bindEmbedding(
  arena: Arena,
  frame: GradientFrame,
  ids: Tensor,
  out: Tensor,
  positions: boolean,
): Promise<EncodeOutputs> {
  const { weights, tokens, shape } = frame;
  const { width4 } = weights.layout;
  const operations = await Promise.all(
    weights.embed.chunks.map((chunk) =>
      arena.operation('embed', {
        buffers: { weight: chunk.data, ids, positions: weights.positions, outputs: out },
        params: {
          tokens,
          sequence: shape.sequence,
          width4,
          first_id: 4 * chunk.firstColumn4,
          ids_held: 4 * chunk.columns4,
          add_positions: positions ? 1 : 0,
          circuit_stride: 0,
        },
        overrides: {},
      }),
    ),
  );
  return (recording) => {
    for (const operation of operations) recording.dispatch(operation, groupsOf64(tokens * width4));
  };
}

/** The heads of a layer: norm, projections (kept), pattern, mix, output matrices. */
export async function bindHeads(arena: Arena, frame: GradientFrame, layer: number): Promise<EncodeOutputs> {
  const { weights, tensors, topology, tokens } = frame;
  const { width4, head4 } = weights.layout;
  const { heads } = topology;
  const own = weights.layers[layer]!;
  const norm = await bindNorm(arena, frame, frame.streams[2 * layer]!, own.norm1, tensors.normed, tokens);
  const project = await bindProjections(arena, frame, layer, tensors.normed, frame.projections[layer]!);
  const pattern = await bindPattern(arena, frame, layer, 1);
  const mix = await arena.operation('attention_mix', {
    buffers: {
      control: everyHead(arena, frame),
      projections: frame.projections[layer]!,
      pattern: tensors.pattern,
      z: tensors.z,
    },
    params: { tokens, sequence: frame.shape.sequence, heads, head4, jobs_at: 0 },
    overrides: {},
  });
  const out = await bindProduct(
    arena,
    own.attentionOut,
    Array.from({ length: heads }, (_, h) => ({
      a: h * tokens * head4,
      weight: h * 4 * head4 * PANEL4,
      out: h * tokens * width4,
    })),
    {
      a: tensors.z,
      out: tensors.portGradients,
      rows: tokens,
      inner4: head4,
      outStride: width4,
      bias: undefined,
    },
  );
  return (recording) => {
    recording.dispatchRows(norm, tokens);
    project(recording);
    pattern(recording);
    recording.dispatch(mix, groupsOf64(tokens * head4), heads);
    out(recording);
  };
}

/** An MLP: norm, first product (kept), activation, second product. */
export async function bindMlp(arena: Arena, frame: GradientFrame, layer: number): Promise<EncodeOutputs> {
  const { weights, tensors, tokens } = frame;
  const { width4, mlp4 } = weights.layout;
  const own = weights.layers[layer]!;
  const before = frame.preactivations[layer]!;
  const norm = await bindNorm(arena, frame, frame.streams[2 * layer + 1]!, own.norm2, tensors.normed, tokens);
  const whole = [{ a: 0, out: 0 }];
  const into = await bindProduct(arena, own.mlpIn, whole, {
    a: tensors.normed,
    out: before,
    rows: tokens,
    inner4: width4,
    outStride: mlp4,
    bias: own.mlpInBias,
  });
  const activate = await bindActivation(arena, weights.spec.mlp.activation, before, tensors.hidden, tokens * mlp4);
  const out = await bindProduct(arena, own.mlpOut, whole, {
    a: tensors.hidden,
    out: tensors.portGradients,
    rows: tokens,
    inner4: mlp4,
    outStride: width4,
    bias: own.mlpOutBias,
  });
  return (recording) => {
    recording.dispatchRows(norm, tokens);
    into(recording);
    recording.dispatchRows(activate, groupsOf64(tokens * mlp4));
    out(recording);
  };
}

export function bindNorm(
  arena: Arena,
  { weights: { spec, layout } }: GradientFrame,
  x: BufferSlice,
  norm: NormWeights,
  y: BufferSlice,
  rows: number,
): Promise<Operation> {
  return arena.operation('layer_norm', {
    buffers: { x, gain: norm.gain, bias: norm.bias, y },
    params: { rows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
    overrides: {},
  });
}

/** Queries, keys and values of all heads [rows, 3H, head] from a normed stream. */
function bindProjections(
  arena: Arena,
  frame: GradientFrame,
  layer: number,
  a: BufferSlice,
  out: BufferSlice,
): Promise<EncodeOutputs> {
  const { layout, layers } = frame.weights;
  const { qkv, qkvBias } = layers[layer]!;
  return bindProduct(arena, qkv, [{ a: 0, out: 0 }], {
    a,
    out,
    rows: frame.tokens,
    inner4: layout.width4,
    outStride: 3 * frame.topology.heads * layout.head4,
    bias: qkvBias,
  });
}

/** The attention patterns of a layer from its kept projections, scores divided by `temperature`. */
export async function bindPattern(
  arena: Arena,
  frame: GradientFrame,
  layer: number,
  temperature: number,
): Promise<EncodeOutputs> {
  const { weights, tensors, topology, tokens, shape } = frame;
  const { heads } = topology;
  const operation = await arena.operation('attention_pattern', {
    buffers: { control: everyHead(arena, frame), projections: frame.projections[layer]!, pattern: tensors.pattern },
    params: {
      tokens,
      sequence: shape.sequence,
      heads,
      head4: weights.layout.head4,
      jobs_at: 0,
      scale: weights.spec.attention.scale[layer]! / temperature,
    },
    overrides: {},
  });
  return (recording) => recording.dispatch(operation, groupsOf64(tokens), heads);
}

/** A product with all chunks of a matrix. */
async function bindProduct(
  arena: Arena,
  matrix: Matrix,
  jobs: readonly Omit<WholeJob, 'rows'>[],
  use: Omit<MatmulUse, 'jobs' | 'jobsAt'>,
): Promise<EncodeOutputs> {
  const operations: MatmulOperation[] = await Promise.all(
    matrix.chunks.map((chunk, i) => {
      const rows = everyRow(use.rows);
      const words = wholeJobs(
        chunk,
        jobs.map((job) => ({ ...job, rows })),
      );
      const table = arena.upload('product jobs', Uint32Array.from(words.flat()));
      return matmul(arena, matrix, i, { ...use, jobs: table, jobsAt: 0 });
    }),
  );
  const work = productWork(jobs.length * use.rows, 4 * use.inner4, 4 * matrix.columns4);
  return (recording) => {
    for (const operation of operations) runMatmul(recording, operation, jobs.length);
    arena.gpu.count(work);
  };
}

/** Adds a group's outputs to the stream before it, and what moves the run towards the ablated outputs. */
export async function bindStep(arena: Arena, frame: GradientFrame, group: WriterGroup): Promise<EncodeOutputs> {
  const { weights, tensors, tokens, streams } = frame;
  const { width4 } = weights.layout;
  const before = group.kind === 'mlp' ? group.layer + 1 : group.layer;
  const after = group.kind === 'heads' ? group.layer + 1 : before;
  const size = tokens * 4 * width4;
  const add = await arena.operation('add_to_stream', {
    buffers: {
      outputs: tensors.portGradients,
      bias_before: weights.attentionBias[before]!,
      bias_after: weights.attentionBias[after]!,
      shift: frame.shift,
      differences: tensors.differences,
      stream: streams[group.index]!,
    },
    params: {
      tokens,
      width4,
      parts: group.kind === 'input' ? 0 : group.writers,
      group: group.index,
      first_writer: group.firstWriter,
      shifted: group.writers,
    },
    overrides: {},
  });
  return (recording) => {
    if (group.kind !== 'input')
      recording.copy(sliceOf(streams[group.index - 1]!, 0, size), sliceOf(streams[group.index]!, 0, size));
    recording.dispatchRows(add, groupsOf64(tokens * width4));
  };
}
