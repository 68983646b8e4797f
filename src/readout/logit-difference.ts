import { bindAnswerDirections, bindLogitDifferences } from './answer-directions.js';
import type { Part } from './part.js';

/** Difference of the answers' mean logits: one product per row, without the other logits. */
export const logitDifference: Part = {
  from: 'normed',
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, { answers }, out) {
    const directions = arena.tensor('answer directions', [shape.prompts, 4 * weights.layout.width4]);
    const encodeDirections = await bindAnswerDirections(arena, weights, directions, answers);
    const once = weights.gpu.record();
    encodeDirections(once);
    once.submit();
    const at = { normed: tensors.normed, directions, dots: out };
    const differences = await bindLogitDifferences(arena, weights, at, shape.circuits * shape.prompts);
    return (recording, rows) => differences.encode(recording, rows);
  },
  read: (data, row) => ({ logitDifference: new Float32Array(data)[row]! }),
};
