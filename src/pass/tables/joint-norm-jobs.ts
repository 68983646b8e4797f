import { JOINT_BRANCHES, jointColumns, sliceOfHead, wideColumns4, type JointBranch } from '../../block/joint-norms.js';
import { runInChunk } from '../../block/projections.js';
import type { Topology } from '../../circuit/topology.js';
import { everyRow } from '../../gpu/product/matmul.js';
import type { ChunkColumns } from '../../gpu/product/matrix.js';
import { normWork, productWork } from '../../gpu/work.js';
import type { Layout } from '../../model/layout.js';
import type { InputSlot } from './input-jobs.js';
import type { JobWriter } from './job-writer.js';
import type { JointTables } from './table-layout.js';

/** Where the ports of a layer lie, and which heads of the matrix they read. */
export interface JointPlaces {
  readonly topology: Topology;
  readonly layout: Layout;
  readonly portHeads: readonly number[];
  readonly tokens: number;
}

/**
 * Writes the jobs that make queries and keys by norms over all heads together: for every distinct input all heads'
 * queries, in rows of the input's numbers, then each port's slice of their norm.
 *
 * @param slots per circuit and port its input; undefined for a port that is not computed.
 */
export function writeJointNorms(
  writer: JobWriter,
  tables: Readonly<Record<JointBranch, JointTables>>,
  chunks: readonly ChunkColumns[],
  { topology, layout, portHeads, tokens }: JointPlaces,
  slots: readonly (InputSlot | undefined)[],
): void {
  const { width4, head4 } = layout;
  const ports = portHeads.length;
  for (const branch of JOINT_BRANCHES) {
    const firstPort = topology.attentionPort(branch, 0);
    const asked = slots.flatMap((slot, i) => {
      const [circuit, port] = [Math.floor(i / ports), i % ports];
      return slot && port >= firstPort && port < firstPort + topology.branchPorts(branch)
        ? [{ circuit, port, slot }]
        : [];
    });
    const inputs = [...new Map(asked.map(({ slot }) => [slot.firstRow, slot])).values()];
    const { first, columns } = jointColumns(layout, branch);
    const stride = wideColumns4(layout, branch);
    chunks.forEach((chunk, i) => {
      const table = tables[branch].wide[i]!;
      writer.begin(table);
      for (const { firstRow, rows } of inputs) {
        const run = { first, out: firstRow * stride, columns };
        const job = runInChunk(run, chunk, firstRow * width4, everyRow(rows.count));
        if (job === null) continue;
        writer.add(productWork(rows.count, 4 * width4, 4 * (job.endColumn4 - job.firstColumn4)));
        writer.product(table, job);
      }
    });
    const { slices } = tables[branch];
    writer.begin(slices);
    for (const { circuit, port, slot } of asked) {
      const { firstRow, rows } = slot;
      writer.add(normWork(rows.count, 4 * stride));
      const job = {
        first_row: firstRow,
        slice: sliceOfHead(layout, branch, portHeads[port]!),
        gain: portHeads[port]!,
        at: (circuit * tokens * ports + port) * head4,
        rows_at: rows.at,
        rows: rows.count,
      };
      writer.job(slices, 'sliced_norm', job, rows.count);
    }
  }
}
