import type { Topology } from '../../circuit/topology.js';
import { sumWork } from '../../gpu/work.js';
import type { CutSums } from '../cut-sums.js';
import type { InputForm, InputToForm } from './input-jobs.js';
import type { JobWriter } from './job-writer.js';
import type { InputTables } from './table-layout.js';

/** In place of the slot of a kept sum in a job of port_inputs: start from the port's constant. */
export const FROM_CONSTANT = 0xffffffff;

/** Inputs that are the sums of what their edges carry, starting from kept sums over cut edges where there are any. */
export class SummedInputs implements InputForm {
  readonly #topology: Topology;
  readonly #width: number;
  readonly #cutSums: CutSums;

  /** @param width columns of a row. */
  constructor(topology: Topology, width: number, cutSums: CutSums) {
    this.#topology = topology;
    this.#width = width;
    this.#cutSums = cutSums;
  }

  write(
    writer: JobWriter,
    tables: InputTables,
    { circuit, slot: { firstRow, rows }, port, reach, mask }: InputToForm,
  ): void {
    const { kept, cut } = splitWriters(mask, this.#topology.fanIn(port));
    const { slot = FROM_CONSTANT, further, update } = this.#cutSums.use(port, reach, cut);
    if (update) {
      const added = writer.list(update.writers);
      const job = {
        slot: update.slot,
        resume: update.resume ? 1 : 0,
        rows_at: rows.at,
        rows: rows.count,
        writers_at: added.at,
        writers: added.count,
      };
      writer.job(tables.cutSums, 'cut_sums', job, rows.count);
      writer.add(sumWork(rows.count, this.#width, added.count));
    }
    const [cutList, keptList] = [writer.list(further), writer.list(kept)];
    writer.add(sumWork(rows.count, this.#width, cutList.count + keptList.count));
    const job = {
      circuit,
      rows_at: rows.at,
      rows: rows.count,
      first_row: firstRow,
      slot,
      cut_at: cutList.at,
      cut: cutList.count,
      kept_at: keptList.at,
      kept: keptList.count,
    };
    writer.job(tables.inputs, 'port_inputs', job, rows.count);
  }

  /** Every writer once, as cut or as kept, and once more to bring a kept sum up to date. */
  room(port: number): number {
    return 2 * this.#topology.fanIn(port);
  }
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
