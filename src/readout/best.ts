import type { Part } from './part.js';

/** The token with the largest logit. */
export const best: Part = {
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, _inputs, out) {
    const operation = await arena.operation('argmax', {
      buffers: { values: tensors.logits, best: out },
      params: {
        rows: shape.circuits * shape.prompts,
        vocab: weights.spec.vocab,
        stride: weights.layout.vocabStride,
      },
      overrides: {},
    });
    return { from: 'logits', encode: (recording, rows) => recording.dispatchRows(operation, rows) };
  },
  read: (data, row) => ({ best: new Uint32Array(data)[row]! }),
};
