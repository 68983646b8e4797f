import { writerGroups, type WriterGroup } from '../../block/groups.js';
import type { Topology } from '../../circuit/topology.js';
import { normWork, sumWork } from '../../gpu/work.js';
import type { InputForm, InputToForm } from './input-jobs.js';
import type { JobWriter } from './job-writer.js';
import { GROUP_WORDS, type InputTables } from './table-layout.js';

/** Marks a writer whose edge is cut. */
const CUT = 0x80000000;

/** Inputs of a model that norms the sums of a layer's heads: a port forms and norms those of its own edges. */
export class NormedInputs implements InputForm {
  readonly #topology: Topology;
  readonly #width: number;
  /** From the last to the first. */
  readonly #groups: readonly WriterGroup[];

  /** @param width columns of a row. */
  constructor(topology: Topology, width: number) {
    this.#topology = topology;
    this.#width = width;
    this.#groups = writerGroups(topology).toReversed();
  }

  write(writer: JobWriter, tables: InputTables, { circuit, slot: { firstRow, rows }, port, mask }: InputToForm): void {
    const fanIn = this.#topology.fanIn(port);
    const groups = this.#groups.filter(({ firstWriter }) => firstWriter < fanIn);
    const words = groups.flatMap(({ kind, layer, firstWriter, writers }) => {
      const list = writer.list(inOrder(mask, firstWriter, writers));
      const normed = kind === 'heads';
      // A normed sum is formed twice.
      writer.add(sumWork(rows.count, this.#width, (normed ? 2 : 1) * writers));
      if (normed) writer.add(normWork(rows.count, this.#width));
      return [normed ? layer + 1 : 0, list.at, list.count];
    });
    const list = writer.list(words);
    const job = {
      circuit,
      rows_at: rows.at,
      rows: rows.count,
      first_row: firstRow,
      groups_at: list.at,
      groups: groups.length,
    };
    writer.job(tables.inputs, 'port_inputs_normed', job, rows.count);
  }

  /** Every writer once, and every group. */
  room(port: number): number {
    return this.#topology.fanIn(port) + GROUP_WORDS * this.#groups.length;
  }
}

/**
 * A group's writers in the order of its sum: first the cut ones, then the kept ones, each from the last to the first.
 */
function inOrder(mask: Uint32Array, firstWriter: number, count: number): number[] {
  const [cut, kept]: [number[], number[]] = [[], []];
  for (let u = firstWriter + count - 1; u >= firstWriter; u--) {
    if (((mask[u >> 5]! >>> (u & 31)) & 1) === 1) kept.push(u);
    else cut.push(CUT + u);
  }
  return [...cut, ...kept];
}
