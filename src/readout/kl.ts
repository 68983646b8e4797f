import type { Part } from './part.js';

/** KL divergence of the circuit from the clean run. */
export const kl: Part = {
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, { reference }, out) {
    const operation = await arena.operation('kl_divergence', {
      buffers: { p: reference, q: tensors.logits, kl: out },
      params: {
        rows: shape.circuits * shape.prompts,
        prompts: shape.prompts,
        vocab: weights.spec.vocab,
        stride: weights.layout.vocabStride,
      },
      overrides: {},
    });
    return { from: 'log-probs', encode: (recording, rows) => recording.dispatchRows(operation, rows) };
  },
  read: (data, row) => ({ kl: new Float32Array(data)[row]! }),
};
