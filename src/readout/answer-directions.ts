import { groupsOf64 } from '../gpu/workgroups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { RowPiece } from '../block/piece.js';
import type { ModelWeights } from '../model/weights.js';
import { answerLists, type Answers } from './answers.js';

/** Fills zeroed directions. */
export type EncodeDirections = (recording: Recording) => void;

/**
 * Binds what makes `directions` [prompts, width]: per prompt the direction whose product with the final norm's output
 * is the logit difference, mean over the correct answers - mean over the wrong ones. It saves the product with the
 * whole unembedding. Prompts beyond the answers get 0.
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

/**
 * Binds dots [rows] = normed [rows, width] times the direction of their prompt: logit differences. Row r belongs to
 * prompt r modulo the number of prompts.
 */
export async function bindLogitDifferences(
  arena: Arena,
  { layout }: ModelWeights,
  at: { readonly normed: BufferSlice; readonly directions: Tensor; readonly dots: BufferSlice },
  rows: number,
): Promise<RowPiece> {
  const operation = await arena.operation('row_dots', {
    buffers: { a: at.normed, b: at.directions, dots: at.dots },
    params: { rows, b_rows: at.directions.shape[0]!, width4: layout.width4 },
    overrides: {},
  });
  return { encode: (recording, taken = rows) => recording.dispatchRows(operation, taken) };
}
