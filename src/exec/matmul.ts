import type { Arena } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { Matrix } from '../model/weights.js';
import type { Activation } from '../model/spec.js';

const TILE_ROWS = 8;
const ACTIVATIONS: Readonly<Record<Activation | 'none', number>> = { none: 0, gelu: 1, 'gelu-tanh': 2, relu: 3, silu: 4 };

/** One chunk of a matrix product, bound: run it with a number of jobs. */
export interface MatmulOperation {
  readonly operation: Operation;
  readonly gridX: number;
  readonly gridY: number;
}

export interface MatmulUse {
  readonly a: BufferSlice;
  readonly out: BufferSlice;
  /** Rows of every job. */
  readonly rows: number;
  /** Columns of every job, in vec4s. */
  readonly columns4: number;
  /** Row stride of `out`, in vec4s. */
  readonly outStride: number;
  /** Where the jobs are listed: four words each, see kernels/matmul.wgsl. */
  readonly jobs: BufferSlice;
  readonly jobsAt: number;
  readonly bias: BufferSlice | undefined;
  readonly activation?: Activation;
}

/** Binds the product with one chunk of `matrix`. Cost per job: 2 * rows * matrix.rows * 4 columns4 FLOPs. */
export async function matmul(arena: Arena, matrix: Matrix, chunk: number, use: MatmulUse): Promise<MatmulOperation> {
  const part = matrix.chunks[chunk]!;
  const workgroup = Math.min(32, 2 ** Math.ceil(Math.log2(use.columns4)));
  const operation = await arena.operation('matmul', {
    buffers: { weight: part.data, control: use.jobs, a: use.a, bias: use.bias ?? part.data, out: use.out },
    params: {
      rows: use.rows,
      inner4: matrix.rows / 4,
      columns4: use.columns4,
      a_stride: matrix.rows / 4,
      w_stride: part.columns4,
      out_stride: use.outStride,
      jobs_at: use.jobsAt,
    },
    overrides: { WORKGROUP: workgroup, HAS_BIAS: use.bias ? 1 : 0, ACTIVATION: ACTIVATIONS[use.activation ?? 'none'] },
  });
  return {
    operation,
    gridX: Math.ceil(use.columns4 / workgroup),
    gridY: Math.ceil(use.rows / TILE_ROWS),
  };
}

export function runMatmul(recording: Recording, { operation, gridX, gridY }: MatmulOperation, jobs: number): void {
  recording.dispatch(operation, gridX, gridY, jobs);
}
