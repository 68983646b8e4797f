import type { Part } from './part.js';
import { bindTopColumns } from './top-columns.js';

/** The token with the largest logit. */
export const best: Part = {
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, _inputs, out) {
    const top = await bindTopColumns(arena, {
      values: tensors.logits,
      rows: shape.circuits * shape.prompts,
      vocab: weights.spec.vocab,
      stride: weights.layout.vocabStride,
      count: 1,
      sign: 1,
      centred: false,
      columns: out,
    });
    return { from: 'logits', encode: (recording, rows) => top.encode(recording, rows) };
  },
  read: (data, row) => ({ best: new Uint32Array(data)[row]! }),
};
