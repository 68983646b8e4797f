import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { FROM_CONSTANT } from '../../../src/pass/tables/summed-inputs.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import type { Job } from '../../../src/gpu/kernel.js';
import { expectSame, runKernel, untouched } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';

/** One run of port_inputs over unpadded data. */
export interface PortInputs {
  readonly width: number;
  readonly tokens: number;
  readonly sequence: number;
  /** Writers that there are, and how many of them the port reads. */
  readonly writerTotal: number;
  readonly writers: number;
  readonly outputs: Float32Array;
  readonly ablated: Float32Array;
  readonly bias: Float32Array;
  readonly positions: Float32Array;
  readonly addPositions: boolean;
  readonly rows: readonly number[];
  /** Per job its circuit and which writers it keeps; and, if it starts from one, its base and the cut writers in it. */
  readonly jobs: readonly {
    readonly circuit: number;
    readonly keep: (writer: number) => boolean;
    readonly rows?: readonly number[];
    readonly base?: { readonly slot: number; readonly holds: readonly number[] };
  }[];
  /** [slots, T, width]; default: one that no job reads. */
  readonly sums?: Float32Array;
}

/** Writers that a job cuts, or keeps, in the order of the sum. */
function writersOf(writers: number, wanted: (writer: number) => boolean): number[] {
  return Array.from({ length: writers }, (_, u) => writers - 1 - u).filter(wanted);
}

export async function portInputs(gpu: Gpu, run: PortInputs): Promise<Float32Array> {
  const { width, tokens, sequence, writers, jobs } = run;
  const width4 = Math.ceil(width / 4);
  const control = new JobWords('port_inputs', jobs.length, 2);
  const packed: Job<'port_inputs'>[] = [];
  let rows = 0;
  let most = 0;
  for (const { circuit, keep, rows: own = run.rows, base } of jobs) {
    const ownRows = control.list(own);
    const cut = control.list(writersOf(writers, (u) => !keep(u) && !base?.holds.includes(u)));
    const kept = control.list(writersOf(writers, keep));
    packed.push({
      circuit,
      rows_at: ownRows.at,
      rows: ownRows.count,
      first_row: rows,
      slot: base?.slot ?? FROM_CONSTANT,
      cut_at: cut.at,
      cut: cut.count,
      kept_at: kept.at,
      kept: kept.count,
    });
    rows += own.length;
    most = Math.max(most, own.length);
  }
  const size = rows * 4 * width4;
  const got = await runKernel(gpu, 'port_inputs', {
    buffers: {
      control: control.words(packed),
      outputs: paddedRows(run.outputs, width),
      ablated: paddedRows(run.ablated, width),
      bias: paddedRows(run.bias, width),
      positions: paddedRows(run.positions, width),
      sums: run.sums ? paddedRows(run.sums, width) : untouched(4),
      x: untouched(size + 4),
    },
    params: {
      tokens,
      sequence,
      width4,
      writer_total: run.writerTotal,
      jobs_at: control.jobsAt,
      add_positions: run.addPositions ? 1 : 0,
    },
    overrides: {},
    grid: [groupsOf64(most * width4), jobs.length],
    read: 'x',
  });
  const x = new Float32Array(got);
  expectSame('beyond the last row', x.subarray(size), untouched(4));
  return unpaddedRows(x.subarray(0, size), width);
}
