import type { Arena, Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { RowPiece } from '../block/piece.js';
import { rowBlocks } from '../gpu/workgroups.js';

/** Rows whose extremes are looked for. */
export interface ColumnsUse {
  /** [rows, vocab], with a row stride. */
  readonly values: BufferSlice;
  readonly rows: number;
  readonly vocab: number;
  readonly stride: number;
  readonly count: number;
  /** 1: the largest, -1: the smallest. */
  readonly sign: 1 | -1;
  /** Amounts less the mean of the row; otherwise as they are. */
  readonly centred: boolean;
  /** Where the columns go, [rows, count]; default: a tensor of their own. */
  readonly columns?: BufferSlice;
}

/** Extremes of every row [rows, count], strongest first. */
export interface TopColumns extends RowPiece {
  /** Of equal values the lower column comes first; 0xffffffff where a row has fewer than `count`. */
  readonly columns: BufferSlice;
  readonly amounts: Tensor;
}

/** Binds the extremes of every row: those of its blocks of columns side by side, then the best among them. */
export async function bindTopColumns(arena: Arena, use: ColumnsUse): Promise<TopColumns> {
  const { values, rows, vocab, stride, count, sign, centred } = use;
  const blocks = rowBlocks(vocab);
  const columns = use.columns ?? arena.tensor('top columns', [rows, count]);
  const amounts = arena.tensor('top amounts', [rows, count]);
  // The largest values of a row of one block are the block's.
  const found = blocks === 1 && sign === 1 && !centred;
  const ofBlocks = {
    values_of: found ? amounts : arena.tensor('values of blocks', [rows, blocks, count]),
    columns_of: found ? columns : arena.tensor('columns of blocks', [rows, blocks, count]),
    sums: arena.tensor('sums of blocks', [centred ? rows : 0, blocks]),
  };
  const params = { rows, vocab, stride };
  const overrides = { COUNT: count, SIGN: sign, CENTRED: centred ? 1 : 0 };
  const first = await arena.operation('top_columns_blocks', { buffers: { values, ...ofBlocks }, params, overrides });
  const all = { values, ...ofBlocks, columns, amounts };
  const second = found ? undefined : await arena.operation('top_columns', { buffers: all, params, overrides });
  return {
    columns,
    amounts,
    encode(recording, taken = rows) {
      recording.dispatchRows(first, taken, blocks);
      if (second) recording.dispatchRows(second, taken);
    },
  };
}
