import { bindAnswerDirections } from './answer-directions.js';
import type { Part } from './part.js';

/** Difference of the answers' mean logits: one product per row, without the other logits. */
export const logitDifference: Part = {
  from: 'normed',
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, { answers }, out) {
    const { width4 } = weights.layout;
    const directions = arena.tensor('answer directions', [shape.prompts, 4 * width4]);
    const encodeDirections = await bindAnswerDirections(arena, weights, directions, answers);
    const once = weights.gpu.record();
    encodeDirections(once);
    once.submit();
    const operation = await arena.operation('row_dots', {
      buffers: { a: tensors.normed, b: directions, dots: out },
      params: { rows: shape.circuits * shape.prompts, b_rows: shape.prompts, width4 },
      overrides: {},
    });
    return (recording, rows) => recording.dispatchRows(operation, rows);
  },
  read: (data, row) => ({ logitDifference: new Float32Array(data)[row]! }),
};
