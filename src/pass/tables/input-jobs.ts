import type { EdgeSet } from '../../circuit/edge-set.js';
import { REACH, type NodesInUse, type Reach } from '../../circuit/reachability.js';
import type { Topology } from '../../circuit/topology.js';
import { packJob } from '../../gpu/kernel.js';
import type { RowsOf } from '../../gpu/product/matmul.js';
import { normWork, sumWork } from '../../gpu/work.js';
import type { JobWriter, TableJob } from './job-writer.js';
import type { CutSums } from '../cut-sums.js';
import type { InputTables } from './table-layout.js';

/** A circuit to compute, and the reach of each node that is to be computed. */
export interface CircuitWork {
  readonly circuit: EdgeSet;
  readonly compute: NodesInUse;
}

/** The input of a port as the kernels make it: its first row among the rows of all inputs, and its token rows. */
export interface InputSlot {
  readonly firstRow: number;
  readonly rows: RowsOf;
}

/** In place of the slot of a kept sum in a job of port_inputs: start from the port's constant. */
export const FROM_CONSTANT = 0xffffffff;

/**
 * Writes the jobs that form and norm the inputs of `ports`: one job per distinct (circuit, mask, rows). Ports of one
 * circuit that read the same writers share an input, which changes no bit. The rows of all jobs start at row 0 of their
 * tensor, job after job.
 *
 * @param width columns of a row; @param rowsOf the token rows of a port, by its reach.
 * @returns per circuit and port its input; undefined for a port that is not computed.
 */
export function writeInputs(
  writer: JobWriter,
  tables: InputTables,
  topology: Topology,
  width: number,
  circuits: readonly CircuitWork[],
  ports: readonly number[],
  cutSums: CutSums,
  rowsOf: (reach: Reach) => RowsOf,
): (InputSlot | undefined)[] {
  const jobs: TableJob[] = [];
  const updates: TableJob[] = [];
  tables.totalRows = 0;
  const slots = circuits.flatMap(({ circuit, compute }, c) => {
    const known = new Map<string, InputSlot>();
    return ports.map((port) => {
      const reach = compute.ports[port]!;
      if (reach === REACH.none) return undefined;
      const mask = circuit.bits(topology.firstEdge(port), topology.fanIn(port));
      const key = `${reach} ${mask.join()}`;
      let slot = known.get(key);
      if (slot) return slot;
      const rows = rowsOf(reach);
      slot = { firstRow: tables.totalRows, rows };
      known.set(key, slot);
      tables.totalRows += rows.count;
      const { kept, cut } = splitWriters(mask, topology.fanIn(port));
      const { slot: sumSlot = FROM_CONSTANT, further, update } = cutSums.use(port, reach, cut);
      if (update) {
        const added = writer.list(update.writers);
        const words = packJob('cut_sums', {
          slot: update.slot,
          resume: update.resume ? 1 : 0,
          rows_at: rows.at,
          rows: rows.count,
          writers_at: added.at,
          writers: added.count,
        });
        updates.push({ words, rows: rows.count });
        writer.add(sumWork(rows.count, width, added.count));
      }
      const [cutList, keptList] = [writer.list(further), writer.list(kept)];
      const words = packJob('port_inputs', {
        circuit: c,
        rows_at: rows.at,
        rows: rows.count,
        first_row: slot.firstRow,
        slot: sumSlot,
        cut_at: cutList.at,
        cut: cutList.count,
        kept_at: keptList.at,
        kept: keptList.count,
      });
      jobs.push({ words, rows: rows.count });
      writer.add(sumWork(rows.count, width, cutList.count + keptList.count));
      writer.add(normWork(rows.count, width));
      return slot;
    });
  });
  writer.write(tables.cutSums, updates);
  writer.write(tables.inputs, jobs);
  return slots;
}

/**
 * A port's writers in the order of its sum: first the cut ones, then the kept ones, each from the last to the first.
 */
function splitWriters(mask: Uint32Array, fanIn: number): { readonly kept: number[]; readonly cut: number[] } {
  const kept: number[] = [];
  const cut: number[] = [];
  for (let u = fanIn - 1; u >= 0; u--) (((mask[u >> 5]! >>> (u & 31)) & 1) === 1 ? kept : cut).push(u);
  return { kept, cut };
}
