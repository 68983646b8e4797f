import type { EdgeSet } from '../../circuit/edge-set.js';
import { REACH, type NodesInUse, type Reach } from '../../circuit/reachability.js';
import type { Topology } from '../../circuit/topology.js';
import type { RowsOf } from '../../gpu/product/matmul.js';
import { normWork } from '../../gpu/work.js';
import type { JobWriter, TableJob } from './job-writer.js';
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

/** An input to form: where it goes, and from which port's edges. */
export interface InputToForm {
  readonly circuit: number;
  readonly slot: InputSlot;
  readonly port: number;
  readonly reach: Reach;
  /** Bit per writer of the port: its edge is kept. */
  readonly mask: Uint32Array;
}

/** How inputs are formed from the edges of their ports. */
export interface InputForm {
  /** The words of the job that forms an input. Writes its lists, and counts its cost. */
  job(writer: JobWriter, input: InputToForm): number[];
  /** Jobs that must come before those since the last call. */
  updates(): readonly TableJob[];
}

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
  form: InputForm,
  rowsOf: (reach: Reach) => RowsOf,
): (InputSlot | undefined)[] {
  const jobs: TableJob[] = [];
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
      jobs.push({ words: form.job(writer, { circuit: c, slot, port, reach, mask }), rows: rows.count });
      writer.add(normWork(rows.count, width));
      return slot;
    });
  });
  writer.write(tables.cutSums, form.updates());
  writer.write(tables.inputs, jobs);
  return slots;
}
