import type { Branch } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import { packJob, type BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { projectionColumn4, projectionHead, type Layout } from '../model/layout.js';
import { fixedJobs, EVERY_ROW, type Jobs, type Piece, type PieceContext } from './piece.js';

// Which columns of the matrix of all projections the ports of a layer read. Query heads may share keys and values.

/** The ports of a branch among the attention ports of a layer, each with the first head that reads it. */
export function branchPlaces(topology: Topology, branch: Branch): { readonly port: number; readonly head: number }[] {
  const ports = topology.branchPorts(branch);
  return Array.from({ length: ports }, (_, i) => {
    const head = (i * topology.heads) / ports;
    return { port: topology.attentionPort(branch, head), head };
  });
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
  return fixedJobs(arena, 'ports that repeat others', jobs, rows);
}
