import type { ColumnRun } from '../../block/projected-ports.js';
import { PANEL4, type ChunkColumns } from '../../gpu/product/matrix.js';
import { productWork } from '../../gpu/work.js';
import type { InputSlot } from './input-jobs.js';
import type { JobWriter } from './job-writer.js';
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
    const table = tables[i]!;
    writer.begin(table);
    for (let c = 0; c < circuits; c++) {
      if (!anyOf(slots, c * shape.ports, shape.ports)) continue;
      for (const run of shape.runs) writeRun(writer, table, chunk, run, shape, c, slots);
    }
  });
}

/** Writes the jobs of one circuit that make the columns of a run that lie in a chunk. Counts their cost. */
function writeRun(
  writer: JobWriter,
  table: JobTable,
  { firstColumn4, columns4 }: ChunkColumns,
  { first: firstOfRun, out, columns }: ColumnRun,
  { ports, head4, width4, tokens }: ProjectionShape,
  c: number,
  slots: readonly (InputSlot | undefined)[],
): void {
  /** From a column of the matrix to that of the port. */
  const toPort = out - firstOfRun;
  const slotOf = (column4: number): InputSlot | undefined => slots[c * ports + Math.floor((column4 + toPort) / head4)];
  const last = Math.min(firstOfRun + columns, firstColumn4 + columns4);
  for (let first = Math.max(firstOfRun, firstColumn4), end = first; first < last; first = end) {
    const panelAt = Math.floor(first / PANEL4) * PANEL4;
    const slot = slotOf(first);
    // From port to port: the columns of one have one input.
    do end = Math.floor((end + toPort) / head4) * head4 + head4 - toPort;
    while (end < Math.min(panelAt + PANEL4, last) && slotOf(end) === slot);
    end = Math.min(end, panelAt + PANEL4, last);
    if (slot === undefined) continue;
    writer.product(table, {
      a: slot.firstRow * width4,
      weight: 4 * width4 * (panelAt - firstColumn4),
      bias: panelAt,
      out: c * tokens * ports * head4 + panelAt + toPort,
      firstColumn4: first - panelAt,
      endColumn4: end - panelAt,
      rows: slot.rows,
    });
    writer.add(productWork(slot.rows.count, 4 * width4, 4 * (end - first)));
  }
}

function anyOf(slots: readonly (InputSlot | undefined)[], first: number, count: number): boolean {
  for (let i = first; i < first + count; i++) if (slots[i] !== undefined) return true;
  return false;
}
