import { groupsOf64 } from '../gpu/workgroups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import { answerLists, type Answers } from './answers.js';

/** Fills zeroed directions. */
export type EncodeDirections = (recording: Recording) => void;

/**
 * Binds the operations that make `directions` [prompts, width]. The product of a prompt's direction with the final
 * norm's output is its logit difference: mean over the correct answers - mean over the wrong ones. It saves the product
 * with the whole unembedding. Prompts beyond `answers` get 0.
 */
export async function bindAnswerDirections(
  arena: Arena,
  { layout, unembed }: ModelWeights,
  directions: Tensor,
  answers: readonly Answers[],
): Promise<EncodeDirections> {
  const prompts = directions.shape[0]!;
  const filling = Array.from({ length: prompts - answers.length }, () => ({ correct: [], wrong: [] }));
  const ascending = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);
  const sorted = answers.map(({ correct, wrong }) => ({ correct: ascending(correct), wrong: ascending(wrong) }));
  const lists = arena.upload('answers', answerLists([...sorted, ...filling]));
  // One operation per chunk of the unembedding.
  const operations: Operation[] = await Promise.all(
    unembed.chunks.map((chunk) =>
      arena.operation('answer_directions', {
        buffers: { weight: chunk.data, answers: lists, directions },
        params: { prompts, width4: layout.width4, first_id: 4 * chunk.firstColumn4, ids_held: 4 * chunk.columns4 },
        overrides: {},
      }),
    ),
  );
  const groups = groupsOf64(prompts * layout.width4);
  return (recording) => {
    for (const operation of operations) recording.dispatch(operation, groups);
  };
}
