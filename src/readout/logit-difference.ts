import type { Arena, Tensor } from '../gpu/arena.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { answerColumns, answersAmong, fewAnsweredTokens, logitsAreProducts } from './answer-columns.js';
import { bindAnswerDirections, bindLogitDifferences } from './answer-directions.js';
import { answerLists, type Answers } from './answers.js';
import { logitsOf } from '../block/unembedding.js';
import type { BoundPart, Part, ReadoutFrame } from './part.js';

/**
 * Difference of the answers' mean logits. Where logits are products with the unembedding alone, it is one product per
 * row, without any logits. A bias or a softcap takes the logits of the answers.
 */
export const logitDifference: Part = {
  perRow: 1,
  async bind(arena, frame, { answers }, out) {
    const { weights, shape, tensors } = frame;
    if (!logitsAreProducts(weights.spec)) return bindDifferenceOfLogits(arena, frame, answers, out);
    const directions = arena.tensor('answer directions', [shape.prompts, 4 * weights.layout.width4]);
    const encodeDirections = await bindAnswerDirections(arena, weights, directions, answers);
    const once = weights.gpu.record();
    encodeDirections(once);
    once.submit();
    const at = { normed: tensors.normed, directions, dots: out };
    const differences = await bindLogitDifferences(arena, weights, at, shape.circuits * shape.prompts);
    return { from: 'normed', encode: (recording, rows) => differences.encode(recording, rows) };
  },
  read: (data, row) => ({ logitDifference: new Float32Array(data)[row]! }),
};

/** The answers' logits lie where those of all tokens would: whatever needs these makes them afterwards. */
async function bindDifferenceOfLogits(
  arena: Arena,
  { weights, shape: { circuits, prompts }, tensors: { normed, logits } }: ReadoutFrame,
  answers: readonly Answers[],
  out: Tensor,
): Promise<BoundPart> {
  const rows = circuits * prompts;
  const differences = (listed: readonly Answers[], stride: number) =>
    arena.operation('answer_means', {
      buffers: { answers: arena.upload('answers', answerLists(listed)), values: logits, differences: out },
      params: { rows, prompts, stride },
      overrides: {},
    });
  const tokens = fewAnsweredTokens(answers, weights.spec.vocab);
  if (!tokens) {
    const operation = await differences(answers, weights.layout.vocabStride);
    return { from: 'logits', encode: (recording, taken) => recording.dispatch(operation, groupsOf64(taken)) };
  }
  const columns = await answerColumns(arena, weights, tokens);
  const few = await logitsOf({ arena, weights }, columns, { normed, logits }, rows);
  const operation = await differences(answers.map(answersAmong(tokens)), 4 * columns.unembed.columns4);
  return {
    from: 'normed',
    encode(recording, taken) {
      few.encode(recording, taken);
      recording.dispatch(operation, groupsOf64(taken));
    },
  };
}
