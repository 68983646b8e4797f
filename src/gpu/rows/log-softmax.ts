import type { Arena } from '../arena.js';
import type { BufferSlice } from '../kernel.js';
import type { Recording } from '../recording.js';
import { rowBlocks } from '../workgroups.js';

/** Rows of logits [rows, vocab]. */
export interface LogitRows {
  readonly values: BufferSlice;
  readonly rows: number;
  readonly vocab: number;
  /** Of a row, in numbers. */
  readonly stride: number;
  /** Invocations of a workgroup; default: the device's. It changes no bit. */
  readonly workgroup?: number;
}

/** Logits less the logarithm of the sum of their exponentials, in place. The blocks of a row run side by side. */
export async function logSoftmax(
  arena: Arena,
  { values, workgroup, ...params }: LogitRows,
): Promise<{ encode(recording: Recording, rows?: number): void }> {
  const blocks = rowBlocks(params.vocab);
  // A row of one block is summed where it is written.
  const long = blocks > 1;
  const sums = arena.tensor('sums of blocks', [long ? params.rows : 0, blocks, 2]);
  const overrides = workgroup === undefined ? {} : { WORKGROUP: workgroup };
  const ofBlocks = long
    ? await arena.operation('log_softmax_blocks', { buffers: { values, blocks: sums }, params, overrides })
    : undefined;
  const write = await arena.operation('log_softmax', {
    buffers: { blocks: sums, values },
    params,
    overrides: { ...overrides, ONE_BLOCK: long ? 0 : 1 },
  });
  return {
    encode(recording, rows = params.rows) {
      if (ofBlocks) recording.dispatchRows(ofBlocks, rows, blocks);
      recording.dispatchRows(write, rows, blocks);
    },
  };
}
