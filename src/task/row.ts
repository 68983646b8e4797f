import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';
import { printable, quote } from '../base/text.js';
import { answerTokens, severalTokens, type AnswerMode, type AnswerPrefix } from './answers.js';
import { checkPair, type PairLimits } from './check-pair.js';
import { RowFault } from './fault.js';
import type { FieldValues } from './fields.js';
import type { Remark } from './remarks.js';
import type { TaskTokenizer } from './tokenizer.js';
import type { PromptPair } from './types.js';

const idSchema = v.pipe(
  v.number('expected a token id, a number'),
  v.integer('expected an integer'),
  v.minValue(0, 'expected an id, not a negative number'),
);
const idsSchema = v.optional(v.array(idSchema, 'expected a token id or an array of them'));
const textsSchema = v.optional(v.union([v.string(), v.array(v.string())], 'expected a text or an array of texts'));
const textSchema = v.optional(v.string('expected a text'));

/** One prompt pair in Edgewise's own fields. Ids win over texts. */
const taskRowSchema = v.object({
  clean: textSchema,
  corrupted: textSchema,
  correct: textsSchema,
  wrong: textsSchema,
  clean_ids: idsSchema,
  corrupted_ids: idsSchema,
  correct_ids: idsSchema,
  wrong_ids: idsSchema,
  position: v.optional(v.pipe(v.number('expected a number'), v.integer('expected an integer'))),
});

export type TaskRow = v.InferOutput<typeof taskRowSchema>;

/** What a row is checked against. */
export interface RowContext extends PairLimits {
  /** Null where every row must give ids. */
  readonly tokenizer: TaskTokenizer | null;
  /** Why there is no tokenizer, in words that follow `the model`. */
  readonly missing?: string;
  /** Why the tokenizer that is there cannot be used. Rows in ids do without. */
  readonly refused?: EdgewiseError;
  /** Default `one-token`. */
  readonly answers?: AnswerMode;
  /** Answers that the metric reads; default: none. */
  readonly needs?: { readonly correct: boolean; readonly wrong: boolean };
}

/** A row that every evaluator can take, and what its author should know of it. */
export interface CheckedRow {
  readonly pair: PromptPair;
  readonly remarks: readonly Remark[];
}

/** @throws RowFault where a field holds a value of another type. */
export function parseRow(values: FieldValues, where: string): TaskRow {
  // A single id stands for a list of one, as a single text does.
  const lists = Object.entries(values).map(([field, value]) =>
    field.endsWith('_ids') && typeof value === 'number' ? [field, [value]] : [field, value],
  );
  const parsed = v.safeParse(taskRowSchema, Object.fromEntries(lists));
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new RowFault('value', where, `${v.getDotPath(issue) ?? 'row'}: ${issue.message}`);
}

/**
 * Turns a row into token ids and checks everything that an evaluator relies on, see `checkPair`: also answers that can
 * be measured, none of them twice.
 *
 * @param where names the row in errors.
 * @throws RowFault
 */
export function checkRow(row: TaskRow, where: string, context: RowContext): CheckedRow {
  const remarks: Remark[] = [];
  const clean = promptIds(row, 'clean', where, context);
  const corrupted = promptIds(row, 'corrupted', where, context);
  const given = row.position ?? -1;
  const position = given < 0 ? clean.length + given : given;
  const prefix = context.tokenizer && prefixOf(row, clean, position, context.tokenizer);
  const setting = { where, context, prefix, remarks };
  const whole = wholeAnswer(row, setting);
  if (whole && position < clean.length - 1) {
    const what = 'an answer of several tokens follows the end of the prompt, expected no position';
    throw new RowFault('position', where, what);
  }
  const correct = whole ? whole.slice(0, 1) : answerIds(row, 'correct', setting);
  const wrong = answerIds(row, 'wrong', setting);
  // The tokens of a whole answer but the last are fed: each is predicted from those before it.
  const fed = whole?.slice(0, -1) ?? [];
  const pair = {
    clean: [...clean, ...fed],
    corrupted: [...corrupted, ...fed],
    position,
    correct,
    wrong,
    ...(whole && { answer: whole }),
  };
  checkPair(pair, context, where, given);
  refuseRepeated([...correct, ...wrong], where, context);
  if (context.needs) refuseMissing(pair, context.needs, where);
  const { tokenizer } = context;
  if (tokenizer === null) return { pair: { ...pair, origin: where }, remarks };
  const textsOf = (ids: readonly number[]): string[] => ids.map((id) => tokenizer.tokenText(id));
  const texts = { clean: textsOf(pair.clean), corrupted: textsOf(pair.corrupted) };
  return { pair: { ...pair, origin: where, texts }, remarks };
}

function promptIds(row: TaskRow, field: 'clean' | 'corrupted', where: string, context: RowContext): number[] {
  const ids = row[`${field}_ids`];
  if (ids !== undefined) {
    if (ids.length === 0) throw new RowFault('missing', where, `${field}_ids: the prompt is empty`);
    return ids;
  }
  const text = row[field];
  if (text === undefined) throw new RowFault('missing', where, `${field} or ${field}_ids is missing`);
  const tokenizer = needTokenizer(field, where, context);
  const place = `${where}, ${field}`;
  return asFault(place, () => tokenizer.encodePrompt(text, place));
}

/** The text up to the measured position. A prompt in ids, or a position inside it, is spelt from its tokens. */
function prefixOf(
  row: TaskRow,
  ids: readonly number[],
  position: number,
  tokenizer: TaskTokenizer,
): AnswerPrefix | null {
  const whole = row.clean_ids === undefined && position === ids.length - 1;
  const spelt = ids.slice(0, position + 1).map((id) => tokenizer.tokenText(id));
  const text = whole ? row.clean! : spelt.join('');
  const plain = tokenizer.encodeBare(text);
  if (plain === null) return null;
  const given = ids.slice(0, position + 1);
  return whole || plain.every((id, i) => id === given[given.length - plain.length + i]) ? { text, ids: plain } : null;
}

interface AnswerSetting {
  readonly where: string;
  readonly context: RowContext;
  readonly prefix: AnswerPrefix | null;
  /** Takes what is said of the answers. */
  readonly remarks: Remark[];
}

function answerIds(
  row: TaskRow,
  field: 'correct' | 'wrong',
  { where, context, prefix, remarks }: AnswerSetting,
): number[] {
  const given = row[`${field}_ids`];
  if (given !== undefined) return given;
  const place = `${where}, ${field}`;
  const found = [row[field] ?? []].flat().flatMap((text): number[] => {
    const tokenizer = needTokenizer(field, where, context);
    const { ids, remark } = answerTokens(text, prefix, place, tokenizer);
    const [first] = ids as [number];
    if (remark) remarks.push(remark);
    if (ids.length === 1) return [first];
    if (context.answers === 'whole' && field === 'wrong') {
      remarks.push({ kind: 'wrong-unmeasured', example: quote(text) });
      return [];
    }
    if (context.answers !== 'first-token') throw severalTokens(text, ids, prefix, place, tokenizer);
    remarks.push({
      kind: 'first-token',
      example: `${quote(tokenizer.tokenText(first))} of ${quote(text)}`,
    });
    return [first];
  });
  // Answers that begin alike are one answer once their first tokens stand for them.
  return context.answers === 'first-token' ? [...new Set(found)] : found;
}

/** The one right answer as tokens, where it is of several and is to be measured as a whole. */
function wholeAnswer(row: TaskRow, { where, context, prefix, remarks }: AnswerSetting): readonly number[] | undefined {
  if (context.answers !== 'whole' || row.correct_ids !== undefined || row.correct === undefined) return undefined;
  const texts = [row.correct].flat();
  const place = `${where}, correct`;
  const tokenizer = needTokenizer('correct', where, context);
  for (const text of texts) {
    const { ids } = answerTokens(text, prefix, place, tokenizer);
    if (ids.length === 1) continue;
    if (texts.length > 1) {
      const what = `answer ${quote(text)} is ${ids.length} tokens and one of ${texts.length} right answers; a whole answer must be the only one (or take --answers first-token)`;
      throw new RowFault('answer', place, what);
    }
    remarks.push({ kind: 'whole-answer', example: quote(text) });
    return ids;
  }
  return undefined;
}

function needTokenizer(field: string, where: string, context: RowContext): TaskTokenizer {
  if (context.tokenizer !== null) return context.tokenizer;
  if (context.refused) throw context.refused;
  const { missing = 'has no tokenizer.json' } = context;
  throw new RowFault('text', where, `${field} is text, but the model ${missing}; give ${field}_ids`);
}

/** A token that is counted twice, or as right and wrong at once, would distort every metric. */
function refuseRepeated(ids: readonly number[], where: string, { tokenizer }: RowContext): void {
  const seen = new Set<number>();
  for (const id of ids) {
    if (seen.has(id)) {
      const token = tokenizer === null ? `id ${id}` : quote(tokenizer.tokenText(id));
      throw new RowFault('repeated', where, `correct and wrong hold ${token} more than once`);
    }
    seen.add(id);
  }
}

/** @throws RowFault where there is no answer that the metric reads. */
export function refuseMissing(
  answers: { readonly correct: readonly number[]; readonly wrong: readonly number[] },
  needs: { readonly correct: boolean; readonly wrong: boolean },
  where: string,
): void {
  for (const field of ['correct', 'wrong'] as const) {
    if (!needs[field] || answers[field].length > 0) continue;
    throw new RowFault('missing', where, `${field} (or ${field}_ids) is missing, the metric needs it`);
  }
}

/** What a tokenizer refuses is the fault of the row. */
function asFault<T>(where: string, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof EdgewiseError) || error.kind !== 'task' || error instanceof RowFault) throw error;
    const { message } = error;
    const what = error.where === where ? message.slice(printable(`${where}: `).length) : message;
    throw new RowFault('text', where, what, { cause: error });
  }
}
