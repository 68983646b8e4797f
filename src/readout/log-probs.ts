import { groupsOf64 } from '../gpu/workgroups.js';
import { answerLists } from './answers.js';
import type { Part } from './part.js';

/** Logarithms of the answers' summed probabilities. */
export const logProbs: Part = {
  perRow: 2,
  async bind(arena, { weights, shape, tensors }, { answers }, out) {
    const operation = await arena.operation('answer_scores', {
      buffers: { answers: arena.upload('answers', answerLists(answers)), values: tensors.logits, scores: out },
      params: {
        rows: shape.circuits * shape.prompts,
        prompts: shape.prompts,
        stride: weights.layout.vocabStride,
      },
      overrides: {},
    });
    return { from: 'log-probs', encode: (recording, rows) => recording.dispatch(operation, groupsOf64(rows)) };
  },
  read(data, row) {
    const values = new Float32Array(data);
    return { correctLogProb: values[2 * row]!, wrongLogProb: values[2 * row + 1]! };
  },
};
