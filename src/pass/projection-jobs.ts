import { PANEL4, type ChunkColumns } from '../gpu/product/matrix.js';
import { jobWords } from '../gpu/product/matmul.js';
import { productWork } from '../gpu/work.js';
import type { InputSlot } from './input-jobs.js';
import type { JobWriter, TableJob } from './job-writer.js';
import type { JobTable } from './table-layout.js';

/** Sizes of a layer's projections: ports of all heads, columns of a port and of an input in vec4s, tokens of a pass. */
export interface ProjectionShape {
  readonly ports: number;
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
  { ports, head4, width4, tokens }: ProjectionShape,
  slots: readonly (InputSlot | undefined)[],
): void {
  const circuits = slots.length / ports;
  chunks.forEach((chunk, i) => {
    const jobs: TableJob[] = [];
    const endOfChunk = chunk.firstColumn4 + chunk.columns4;
    for (let c = 0; c < circuits; c++) {
      const slotOf = (column4: number): InputSlot | undefined => slots[c * ports + Math.floor(column4 / head4)];
      for (let first = chunk.firstColumn4, end = first; first < endOfChunk; first = end) {
        const panelAt = Math.floor(first / PANEL4) * PANEL4;
        const slot = slotOf(first);
        do end++;
        while (end < Math.min(panelAt + PANEL4, endOfChunk) && slotOf(end) === slot);
        if (slot === undefined) continue;
        const words = jobWords({
          a: slot.firstRow * width4,
          weight: 4 * width4 * (panelAt - chunk.firstColumn4),
          bias: panelAt,
          out: c * tokens * ports * head4 + panelAt,
          firstColumn4: first - panelAt,
          endColumn4: end - panelAt,
          rows: slot.rows,
        });
        jobs.push({ words, rows: slot.rows.count });
        writer.add(productWork(slot.rows.count, 4 * width4, 4 * (end - first)));
      }
    }
    writer.write(tables[i]!, jobs);
  });
}
