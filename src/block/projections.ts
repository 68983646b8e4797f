import { BRANCHES, type Branch } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import type { Tensor } from '../gpu/arena.js';
import { packJob, type BufferSlice } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/product/matrix.js';
import { everyRow, jobWords } from '../gpu/product/matmul.js';
import { productWork } from '../gpu/work.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { projectionColumn4, projectionHead, type Layout } from '../model/layout.js';
import type { LayerWeights, ModelWeights } from '../model/weights.js';
import type { PlaceView } from './places.js';
import { EVERY_ROW, type Jobs, type Piece, type PieceContext, type RowPiece } from './piece.js';
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

/** The ports of a branch among the attention ports of a layer, each with the first head that reads it. */
export function branchPlaces(topology: Topology, branch: Branch): { readonly port: number; readonly head: number }[] {
  const ports = topology.branchPorts(branch);
  return Array.from({ length: ports }, (_, i) => {
    const head = (i * topology.heads) / ports;
    return { port: topology.attentionPort(branch, head), head };
  });
}

/** The branches that go straight from the product to the ports: norms of all heads together come in between. */
export function projectedBranches({ queryKeyNorm }: Layout): readonly Branch[] {
  return queryKeyNorm === 'projection' ? ['v'] : BRANCHES;
}

/** Ports side by side whose columns of the matrix lie side by side, too. All numbers in vec4s. */
export interface ColumnRun {
  /** First column in the matrix. */
  readonly first: number;
  /** First column in the projections. */
  readonly out: number;
  readonly columns: number;
}

/**
 * The columns that the ports of some branches read, in the order of the ports. Heads that share keys or values read the
 * same columns. @param columns `once`: those of repeated ports are left out.
 */
export function columnRuns(
  topology: Topology,
  layout: Layout,
  branches: readonly Branch[],
  columns: 'of every port' | 'once' = 'of every port',
): ColumnRun[] {
  const { head4 } = layout;
  const runs: ColumnRun[] = [];
  const seen = new Set<number>();
  for (const branch of branches) {
    for (const { port, head } of branchPlaces(topology, branch)) {
      const first = projectionColumn4(layout, branch, head);
      const out = port * head4;
      if (columns === 'once' && seen.has(first)) continue;
      seen.add(first);
      const last = runs.at(-1);
      const isNext = last && first === last.first + last.columns && out === last.out + last.columns;
      if (isNext) runs.splice(-1, 1, { ...last, columns: last.columns + head4 });
      else runs.push({ first, out, columns: head4 });
    }
  }
  return runs;
}

/** A query or key of a head: its place among the attention ports, and the head of the matrix that it comes from. */
export interface ProjectedHead {
  readonly branch: 'q' | 'k';
  readonly port: number;
  readonly matrixHead: number;
}

/** The queries and keys of a layer in the order of their ports. @param which `once`: without repeated ports. */
export function projectedHeads(
  topology: Topology,
  layout: Layout,
  which: 'of every port' | 'once',
): readonly ProjectedHead[] {
  const branches = ['q', 'k'] as const;
  const repeated = new Set(repeatedPorts(topology, layout, branches).map(({ port }) => port));
  return branches.flatMap((branch) =>
    branchPlaces(topology, branch)
      .map(({ port, head }) => ({
        branch,
        port,
        matrixHead: projectionHead(layout, branch, head),
      }))
      .filter(({ port }) => which === 'of every port' || !repeated.has(port)),
  );
}

/**
 * A port whose rows are those of an earlier port of its layer, where both read one input. Places of attention ports.
 */
export interface RepeatedPort {
  readonly port: number;
  readonly of: number;
}

/** Ports that share a head of the matrix with an earlier one. */
export function repeatedPorts(topology: Topology, layout: Layout, branches: readonly Branch[]): RepeatedPort[] {
  const firsts = new Map<number, number>();
  const repeated: RepeatedPort[] = [];
  for (const branch of branches) {
    for (const { port, head } of branchPlaces(topology, branch)) {
      const shared = projectionHead(layout, branch, head);
      const first = firsts.get(shared);
      if (first === undefined) firsts.set(shared, port);
      else repeated.push({ port, of: first });
    }
  }
  return repeated;
}

/** Gives repeated ports their rows, in place, in an array [rows, parts, dh]. */
export async function repetition(
  { arena, weights: { layout } }: PieceContext,
  { words, list }: Jobs,
  x: BufferSlice,
  parts: number,
): Promise<Piece> {
  const { head4 } = layout;
  const operation = await arena.operation('repeat_rows', {
    buffers: { control: words, x },
    params: { columns4: head4, stride4: parts * head4, jobs_at: list.jobsAt },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows * head4), list.count) };
}

/** The fixed jobs of `repetition` where all ports read one input. */
export function repetitionJobs(
  { arena, weights: { layout } }: PieceContext,
  repeated: readonly RepeatedPort[],
  rows: number,
): Jobs {
  const jobs = repeated.map(({ port, of }) =>
    packJob('repeat_rows', {
      source_at: of * layout.head4,
      target_at: port * layout.head4,
      rows_at: EVERY_ROW,
      rows,
    }),
  );
  return {
    words: arena.upload('ports that repeat others', Uint32Array.from([0, ...jobs.flat()])),
    list: { jobsAt: 1, count: jobs.length, rows },
  };
}

/** Jobs of ports that read the same rows, `rows` from the first on: of each chunk of the matrix. */
export function sharedJobs(
  { arena, weights: { layout } }: PieceContext,
  qkv: Matrix,
  runs: readonly ColumnRun[],
  rows: number,
): Jobs[] {
  return qkv.chunks.map(({ firstColumn4, columns4 }) => {
    const jobs = runs.flatMap(({ first, out, columns }) => {
      const start = Math.max(first, firstColumn4);
      const end = Math.min(first + columns, firstColumn4 + columns4);
      if (start >= end) return [];
      return [
        {
          a: 0,
          weight: 0,
          bias: firstColumn4,
          // A job counts its columns from the chunk's first one. Below 0 it wraps around, and back on the device.
          out: out - first + firstColumn4,
          firstColumn4: start - firstColumn4,
          endColumn4: end - firstColumn4,
          rows: everyRow(rows),
        },
      ];
    });
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
