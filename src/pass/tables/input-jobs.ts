import type { EdgeSet } from '../../circuit/edge-set.js';
import { REACH, type NodesInUse, type Reach } from '../../circuit/reachability.js';
import type { Topology } from '../../circuit/topology.js';
import type { RowsOf } from '../../gpu/product/matmul.js';
import { normWork } from '../../gpu/work.js';
import type { JobWriter } from './job-writer.js';
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
  /**
   * Adds the job that forms an input, and those that must come before it, with their lists. Counts their cost.
   *
   * @param tables both lists of jobs, which are begun.
   */
  write(writer: JobWriter, tables: InputTables, input: InputToForm): void;
  /** Words that the lists of a port take at most. */
  room(port: number): number;
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
  writer.begin(tables.cutSums);
  writer.begin(tables.inputs);
  tables.totalRows = 0;
  const slots = new Array<InputSlot | undefined>(circuits.length * ports.length).fill(undefined);
  for (const [c, { circuit, compute }] of circuits.entries()) {
    let known: Map<string, InputSlot> | undefined;
    for (let place = 0; place < ports.length; place++) {
      const port = ports[place]!;
      const reach = compute.ports[port]!;
      if (reach === REACH.none) continue;
      const mask = circuit.bits(topology.firstEdge(port), topology.fanIn(port));
      const key = `${reach} ${mask.join()}`;
      known ??= new Map();
      let slot = known.get(key);
      if (!slot) {
        const rows = rowsOf(reach);
        slot = { firstRow: tables.totalRows, rows };
        known.set(key, slot);
        tables.totalRows += rows.count;
        form.write(writer, tables, { circuit: c, slot, port, reach, mask });
        writer.add(normWork(rows.count, width));
      }
      slots[c * ports.length + place] = slot;
    }
  }
  return slots;
}
