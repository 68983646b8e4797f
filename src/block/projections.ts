import { BRANCHES, type Branch } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { ChunkColumns, Matrix } from '../gpu/product/matrix.js';
import { everyRow, jobWords, type MatmulJob, type RowsOf } from '../gpu/product/matmul.js';
import { productWork } from '../gpu/work.js';
import { projectionColumn4, type Layout } from '../model/layout.js';
import type { LayerWeights, ModelWeights } from '../model/weights.js';
import type { PlaceView } from './places.js';
import type { Jobs, Piece, PieceContext, RowPiece } from './piece.js';
import { branchPlaces, columnRuns, type ColumnRun } from './projected-ports.js';
import { product, transposedProduct } from './product.js';

/** Queries, keys and values of a layer [T, ports, dh]: q of all heads, then k, then v. */
export function projectionShape({ attentionPorts }: Topology, { head4 }: Layout, tokens: number) {
  return [tokens, attentionPorts, 4 * head4] as const;
}

/** What the projections read and make. */
export interface ProjectionTensors {
  /** Normed inputs [rows, d]. */
  readonly normed: BufferSlice;
  /** [T, ports, dh] */
  readonly projections: BufferSlice;
}

/**
 * normed [rows, d] -> projections [T, ports, dh], with their biases. Cost: 2 d dh FLOPs per row and port.
 *
 * @param jobs of each chunk of the matrix; a job covers at most one panel, so that every port can read rows of its own.
 */
export function projections(
  context: PieceContext,
  topology: Topology,
  { qkv, qkvBias }: LayerWeights,
  jobs: readonly Jobs[],
  { normed, projections: out }: ProjectionTensors,
): Promise<Piece> {
  const { width4, head4 } = context.weights.layout;
  return product(context, qkv, jobs, {
    a: normed,
    out,
    rows: context.tokens,
    inner4: width4,
    outStride: topology.attentionPorts * head4,
    panels: 1,
    bias: qkvBias,
  });
}

/**
 * The same where all ports of a layer read one input [T, d]. Of heads that share keys or values the first one's are
 * made.
 */
export function sharedProjections(
  context: PieceContext,
  topology: Topology,
  { qkv, qkvBias }: LayerWeights,
  { normed, projections: out }: ProjectionTensors,
): Promise<Piece> {
  const { tokens, weights } = context;
  const branches = projectedBranches(weights.layout);
  return product(
    context,
    qkv,
    sharedJobs(context, qkv, columnRuns(topology, weights.layout, branches, 'once'), tokens),
    {
      a: normed,
      out,
      rows: tokens,
      inner4: weights.layout.width4,
      outStride: topology.attentionPorts * weights.layout.head4,
      bias: qkvBias,
    },
  );
}

/**
 * The queries and keys alone, of heads that share keys the first one's: normed [rows, d] -> [rows, q and k ports, dh].
 * Nothing where a norm over all heads together makes them.
 */
export function queriesAndKeys(
  context: PieceContext,
  topology: Topology,
  { qkv, qkvBias }: LayerWeights,
  at: { readonly normed: BufferSlice; readonly queriesAndKeys: BufferSlice },
  rows: number,
): Promise<RowPiece> {
  const { layout } = context.weights;
  const { width4, head4, queryKeyNorm } = layout;
  const branches = ['q', 'k'] as const;
  if (queryKeyNorm === 'projection') return Promise.resolve({ encode: () => undefined });
  return product(context, qkv, sharedJobs(context, qkv, columnRuns(topology, layout, branches, 'once'), rows), {
    a: at.normed,
    out: at.queriesAndKeys,
    rows,
    inner4: width4,
    outStride: (topology.heads + topology.kvPorts) * head4,
    bias: qkvBias,
  });
}

/** The values of every head alone, without their biases: normed [rows, d] -> values [H, rows, dh]. */
export function valuesByHead(
  context: PieceContext,
  { qkv }: LayerWeights,
  at: { readonly normed: BufferSlice; readonly values: BufferSlice },
  rows: number,
): Promise<RowPiece> {
  const { spec, layout } = context.weights;
  const { width4, head4 } = layout;
  const runs = Array.from({ length: spec.heads }, (_, head) => ({
    first: projectionColumn4(layout, 'v', head),
    out: head * rows * head4,
    columns: head4,
  }));
  return product(context, qkv, sharedJobs(context, qkv, runs, rows), {
    a: at.normed,
    out: at.values,
    rows,
    inner4: width4,
    outStride: head4,
    bias: undefined,
  });
}

/** The branches that go straight from the product to the ports: norms of all heads together come in between. */
export function projectedBranches({ queryKeyNorm }: Layout): readonly Branch[] {
  return queryKeyNorm === 'projection' ? ['v'] : BRANCHES;
}

/**
 * The job that makes the columns of a run that lie in a chunk of the matrix; null where none does.
 *
 * @param a where its rows begin among the inputs, in vec4s. @param rows the list of them.
 */
export function runInChunk(
  { first, out, columns }: ColumnRun,
  { firstColumn4, columns4 }: ChunkColumns,
  a: number,
  rows: RowsOf,
): MatmulJob | null {
  const start = Math.max(first, firstColumn4);
  const end = Math.min(first + columns, firstColumn4 + columns4);
  if (start >= end) return null;
  return {
    a,
    weight: 0,
    bias: firstColumn4,
    // A job counts its columns from the chunk's first one. Below 0 it wraps around, and back on the device.
    out: out - first + firstColumn4,
    firstColumn4: start - firstColumn4,
    endColumn4: end - firstColumn4,
    rows,
  };
}

/** Jobs of ports that read the same rows, `rows` from the first on: of each chunk of the matrix. */
export function sharedJobs(
  { arena, weights: { layout } }: PieceContext,
  qkv: Matrix,
  runs: readonly ColumnRun[],
  rows: number,
): Jobs[] {
  return qkv.chunks.map((chunk) => {
    const jobs = runs.flatMap((run) => runInChunk(run, chunk, 0, everyRow(rows)) ?? []);
    const columns = jobs.reduce((sum, job) => sum + job.endColumn4 - job.firstColumn4, 0);
    return {
      words: arena.upload('projection jobs', Uint32Array.from(jobs.flatMap(jobWords))),
      list: { jobsAt: 0, count: jobs.length, rows },
      work: (taken) => productWork(taken, 4 * layout.width4, 4 * columns),
    };
  });
}

/** The gradient at the projections [ports, T, dh] -> the gradient at the normed input of every port [ports, T, d]. */
export function projectionsBackward(
  context: PieceContext,
  topology: Topology,
  { qkv }: LayerWeights,
  at: { readonly projectionGradients: Tensor; readonly inputGradients: Tensor },
): Promise<Piece> {
  const { tokens, weights } = context;
  const { width4, head4 } = weights.layout;
  const jobs = BRANCHES.flatMap((branch) =>
    branchPlaces(topology, branch).map(({ port, head }) => {
      const firstColumn4 = projectionColumn4(weights.layout, branch, head);
      return {
        dy: port * tokens * head4,
        out: port * tokens * width4,
        firstColumn4,
        endColumn4: firstColumn4 + head4,
      };
    }),
  );
  return transposedProduct(context, qkv, {
    dy: at.projectionGradients,
    out: at.inputGradients,
    rows: tokens,
    dyStride: head4,
    jobs,
  });
}

/** Where the queries, keys or values lie among the projections [.., T, ports, dh]: [H, T, dh] of the first circuit. */
export function projectionView(
  projections: Tensor,
  topology: Topology,
  { spec, layout }: ModelWeights,
  branch: Branch,
): PlaceView {
  const headWidth = 4 * layout.head4;
  return {
    data: projections,
    first: topology.attentionPort(branch, 0) * headWidth,
    units: topology.branchPorts(branch),
    unitStride: headWidth,
    rows: projections.shape.at(-3)!,
    rowStride: topology.attentionPorts * headWidth,
    columns: spec.headWidth,
  };
}
