import type { Arena } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import type { BufferSlice } from '../gpu/kernel.js';
import { PANEL4, type Matrix, type MatrixChunk } from '../model/weights.js';
import type { Activation } from '../model/spec.js';

const TILE_ROWS = 8;
/** The number by which kernels/shared/activation.wgsl knows each activation. */
export const ACTIVATIONS: Readonly<Record<Activation | 'none', number>> = {
  none: 0,
  gelu: 1,
  'gelu-tanh': 2,
  relu: 3,
  silu: 4,
};

/** Words of one job in the tables that kernels/matmul.wgsl reads. */
export const JOB_WORDS = 6;

/** A job: offsets in vec4s, the weight's within its chunk, and the columns to make, counted from those offsets. */
export interface MatmulJob {
  readonly a: number;
  readonly weight: number;
  readonly bias: number;
  readonly out: number;
  readonly firstColumn4: number;
  readonly endColumn4: number;
}

export function jobWords(job: MatmulJob): number[] {
  return [job.a, job.weight, job.bias, job.out, job.firstColumn4, job.endColumn4];
}

/** A product with one chunk of a matrix, bound: run it with a number of jobs. */
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
  /** Inner size of every job in vec4s; smaller than the matrix's where a job uses some of its rows (one head's). */
  readonly inner4: number;
  /** Row stride of `out`, in vec4s. */
  readonly outStride: number;
  /** Where the jobs are listed. */
  readonly jobs: BufferSlice;
  readonly jobsAt: number;
  /** Panels that every job covers, from its weight offset on; default: all of the chunk. */
  readonly panels?: number;
  readonly bias: BufferSlice | undefined;
  readonly activation?: Activation;
}

/** Binds the product with one chunk of `matrix`. Cost per job: 2 * rows * 4 inner4 * 4 columns4 FLOPs. */
export async function matmul(arena: Arena, matrix: Matrix, chunk: number, use: MatmulUse): Promise<MatmulOperation> {
  const part = matrix.chunks[chunk]!;
  const operation = await arena.operation('matmul', {
    buffers: { weight: part.data, control: use.jobs, a: use.a, bias: use.bias ?? part.data, out: use.out },
    params: {
      rows: use.rows,
      inner4: use.inner4,
      panel_rows4: matrix.inner4,
      out_stride: use.outStride,
      jobs_at: use.jobsAt,
    },
    overrides: { HAS_BIAS: use.bias ? 1 : 0, ACTIVATION: ACTIVATIONS[use.activation ?? 'none'] },
  });
  return {
    operation,
    gridX: use.panels ?? Math.ceil(part.columns4 / PANEL4),
    gridY: Math.ceil(use.rows / TILE_ROWS),
  };
}

/** Where a job of a whole matrix reads and writes, in vec4s; `weight` skips rows of the matrix (another head's). */
export interface WholeJob {
  readonly a: number;
  readonly out: number;
  readonly weight?: number;
}

/** The words of jobs that make all columns of one chunk. */
export function wholeJobs({ firstColumn4, columns4 }: MatrixChunk, jobs: readonly WholeJob[]): number[][] {
  return jobs.map(({ a, out, weight = 0 }) =>
    jobWords({ a, weight, bias: firstColumn4, out: out + firstColumn4, firstColumn4: 0, endColumn4: columns4 }),
  );
}

/** @param rows how many of each job's rows to make; default all. */
export function runMatmul(
  recording: Recording,
  { operation, gridX, gridY }: MatmulOperation,
  jobs: number,
  rows?: number,
): void {
  recording.dispatch(operation, gridX, rows === undefined ? gridY : Math.ceil(rows / TILE_ROWS), jobs);
}
