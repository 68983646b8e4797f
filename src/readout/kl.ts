import type { Arena } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import { rowBlocks } from '../gpu/workgroups.js';
import type { BoundPart, Part } from './part.js';

/** KL divergence of the circuit from the clean run. */
export const kl: Part = {
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, { reference }, out) {
    const rows = shape.circuits * shape.prompts;
    const { spec, layout } = weights;
    const size = { rows, prompts: shape.prompts, vocab: spec.vocab, stride: layout.vocabStride };
    return { from: 'log-probs', ...(await bindKl(arena, size, { reference, logProbs: tensors.logits, out })) };
  },
  read: (data, row) => ({ kl: new Float32Array(data)[row]! }),
};

interface KlRows {
  readonly rows: number;
  readonly prompts: number;
  readonly vocab: number;
  readonly stride: number;
}

interface KlBuffers {
  /** [prompts, vocab] */
  readonly reference: BufferSlice;
  /** [rows, vocab]; row r belongs to prompt r mod prompts. */
  readonly logProbs: BufferSlice;
  /** [rows] */
  readonly out: BufferSlice;
}

/** Binds the divergence of every row: that of its blocks of columns side by side, then their sum if it has several. */
export async function bindKl(
  arena: Arena,
  params: KlRows,
  { reference, logProbs, out }: KlBuffers,
): Promise<Pick<BoundPart, 'encode'>> {
  const blocks = rowBlocks(params.vocab);
  const parts = blocks > 1 ? arena.tensor('divergences of blocks', [params.rows, blocks]) : out;
  const ofBlocks = await arena.operation('kl_divergence', {
    buffers: { p: reference, q: logProbs, blocks: parts },
    params,
    overrides: {},
  });
  const total = { buffers: { parts, totals: out }, params: { rows: params.rows, blocks }, overrides: {} };
  const ofRows = blocks > 1 ? await arena.operation('block_totals', total) : undefined;
  return {
    encode(recording, rows) {
      recording.dispatchRows(ofBlocks, rows, blocks);
      if (ofRows) recording.dispatchRows(ofRows, rows);
    },
  };
}
