import type { ColumnRun } from '../../block/projected-ports.js';
import { PANEL4, type ChunkColumns } from '../../gpu/product/matrix.js';
import { jobWords } from '../../gpu/product/matmul.js';
import { productWork } from '../../gpu/work.js';
import type { InputSlot } from './input-jobs.js';
import type { JobWriter, TableJob } from './job-writer.js';
import type { JobTable } from './table-layout.js';

/** Sizes of a layer's projections. Columns are in vec4s. */
export interface ProjectionShape {
  readonly ports: number;
  /** Which columns of the matrix the ports read. */
  readonly runs: readonly ColumnRun[];
  /** Columns of a port, and of an input. */
  readonly head4: number;
  readonly width4: number;
  readonly tokens: number;
}

/**
 * Writes the jobs that project inputs to queries, keys and values. Ports side by side that read the same input are
 * projected by one job per panel of the matrix.
 *
 * @param slots per circuit and port its input; undefined for a port that is not computed.
 */
export function writeProjections(
  writer: JobWriter,
  tables: readonly JobTable[],
  chunks: readonly ChunkColumns[],
  shape: ProjectionShape,
  slots: readonly (InputSlot | undefined)[],
): void {
  const circuits = slots.length / shape.ports;
  chunks.forEach((chunk, i) => {
    const jobs: TableJob[] = [];
    for (let c = 0; c < circuits; c++) {
      for (const run of shape.runs) jobs.push(...runJobs(writer, chunk, run, shape, c, slots));
    }
    writer.write(tables[i]!, jobs);
  });
}

/** The jobs of one circuit that make the columns of a run that lie in a chunk. Counts their cost. */
function runJobs(
  writer: JobWriter,
  { firstColumn4, columns4 }: ChunkColumns,
  { first: firstOfRun, out, columns }: ColumnRun,
  { ports, head4, width4, tokens }: ProjectionShape,
  c: number,
  slots: readonly (InputSlot | undefined)[],
): TableJob[] {
  const jobs: TableJob[] = [];
  /** From a column of the matrix to that of the port. */
  const toPort = out - firstOfRun;
  const slotOf = (column4: number): InputSlot | undefined => slots[c * ports + Math.floor((column4 + toPort) / head4)];
  const last = Math.min(firstOfRun + columns, firstColumn4 + columns4);
  for (let first = Math.max(firstOfRun, firstColumn4), end = first; first < last; first = end) {
    const panelAt = Math.floor(first / PANEL4) * PANEL4;
    const slot = slotOf(first);
    do end++;
    while (end < Math.min(panelAt + PANEL4, last) && slotOf(end) === slot);
    if (slot === undefined) continue;
    const words = jobWords({
      a: slot.firstRow * width4,
      weight: 4 * width4 * (panelAt - firstColumn4),
      bias: panelAt,
      out: c * tokens * ports * head4 + panelAt + toPort,
      firstColumn4: first - panelAt,
      endColumn4: end - panelAt,
      rows: slot.rows,
    });
    jobs.push({ words, rows: slot.rows.count });
    writer.add(productWork(slot.rows.count, 4 * width4, 4 * (end - first)));
  }
  return jobs;
}
