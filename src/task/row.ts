import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';
import { checkPair, type PairLimits } from './check-pair.js';
import type { TaskTokenizer } from './tokenizer.js';
import type { PromptPair } from './types.js';

const idSchema = v.pipe(
  v.number(),
  v.integer('expected an integer'),
  v.minValue(0, 'expected an id, not a negative number'),
);
const idsSchema = v.optional(v.array(idSchema));
const textsSchema = v.optional(v.union([v.string(), v.array(v.string())], 'expected a text or an array of texts'));

/** One line of a task file. Ids win over texts; fields with other names are allowed and ignored. */
export const taskRowSchema = v.object({
  clean: v.optional(v.string()),
  corrupted: v.optional(v.string()),
  correct: textsSchema,
  wrong: textsSchema,
  clean_ids: idsSchema,
  corrupted_ids: idsSchema,
  correct_ids: idsSchema,
  wrong_ids: idsSchema,
  position: v.optional(v.pipe(v.number(), v.integer('expected an integer'))),
});

export type TaskRow = v.InferOutput<typeof taskRowSchema>;

/** What a row is read with and checked against. */
export interface RowContext extends PairLimits {
  /** Null where every row must give ids. */
  readonly tokenizer: TaskTokenizer | null;
}

/**
 * Turns a row into token ids and checks everything that an evaluator relies on, see `checkPair`. Answers must be single
 * tokens, and none may be there twice.
 *
 * @param where names the row in errors.
 * @throws EdgewiseError of kind task.
 */
export function toPromptPair(row: TaskRow, where: string, context: RowContext): PromptPair {
  const clean = promptIds(row, 'clean', where, context);
  const corrupted = promptIds(row, 'corrupted', where, context);
  const correct = answerIds(row, 'correct', where, context);
  const wrong = answerIds(row, 'wrong', where, context);
  const given = row.position ?? -1;
  const pair = { clean, corrupted, position: given < 0 ? clean.length + given : given, correct, wrong };
  checkPair(pair, context, where, given);
  refuseRepeated([...correct, ...wrong], where, context);
  const { tokenizer } = context;
  if (tokenizer === null) return { ...pair, origin: where };
  const textsOf = (ids: readonly number[]): string[] => ids.map((id) => tokenizer.tokenText(id));
  return { ...pair, origin: where, texts: { clean: textsOf(clean), corrupted: textsOf(corrupted) } };
}

function promptIds(row: TaskRow, field: 'clean' | 'corrupted', where: string, context: RowContext): number[] {
  const ids = row[`${field}_ids`];
  if (ids !== undefined) {
    if (ids.length === 0) throw new EdgewiseError('task', where, `${field}_ids: the prompt is empty`);
    return ids;
  }
  const text = row[field];
  if (text === undefined) throw new EdgewiseError('task', where, `${field} or ${field}_ids is missing`);
  return needTokenizer(field, where, context).encodePrompt(text, `${where}, ${field}`);
}

function answerIds(row: TaskRow, field: 'correct' | 'wrong', where: string, context: RowContext): number[] {
  const ids = row[`${field}_ids`];
  if (ids !== undefined) return ids;
  const texts = row[field] ?? [];
  return [texts].flat().map((text) => needTokenizer(field, where, context).encodeAnswer(text, `${where}, ${field}`));
}

function needTokenizer(field: string, where: string, context: RowContext): TaskTokenizer {
  if (context.tokenizer !== null) return context.tokenizer;
  const what = `${field} is text, but the model has no tokenizer.json; give ${field}_ids`;
  throw new EdgewiseError('task', where, what);
}

/** A token that is counted twice, or as right and wrong at once, would distort every metric. */
function refuseRepeated(ids: readonly number[], where: string, { tokenizer }: RowContext): void {
  const seen = new Set<number>();
  for (const id of ids) {
    if (seen.has(id)) {
      const token = tokenizer === null ? `id ${id}` : JSON.stringify(tokenizer.tokenText(id));
      throw new EdgewiseError('task', where, `correct and wrong hold ${token} more than once`);
    }
    seen.add(id);
  }
}
