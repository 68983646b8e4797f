import { groupsOf64 } from '../gpu/workgroups.js';
import type { ModelSpec } from '../model/spec.js';
import { bindAnswerDirections, bindLogitDifferences } from './answer-directions.js';
import { answerLists } from './answers.js';
import type { Part } from './part.js';

/**
 * Difference of the answers' mean logits. Where logits are products with the unembedding alone, it is one product per
 * row, without the other logits. A bias or a softcap takes all of them.
 */
export const logitDifference: Part = {
  from: (spec) => (isLinear(spec) ? 'normed' : 'logits'),
  perRow: 1,
  async bind(arena, { weights, shape, tensors }, { answers }, out) {
    if (!isLinear(weights.spec)) {
      const operation = await arena.operation('answer_means', {
        buffers: { answers: arena.upload('answers', answerLists(answers)), values: tensors.logits, differences: out },
        params: {
          rows: shape.circuits * shape.prompts,
          prompts: shape.prompts,
          stride: weights.layout.vocabStride,
        },
        overrides: {},
      });
      return (recording, rows) => recording.dispatch(operation, groupsOf64(rows));
    }
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

function isLinear({ logitBias, logitSoftcap }: ModelSpec): boolean {
  return !logitBias && logitSoftcap === null;
}
