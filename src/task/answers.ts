import { quote, quoteList } from '../base/text.js';
import { RowFault } from './fault.js';
import type { Remark } from './remarks.js';
import type { TaskTokenizer } from './tokenizer.js';

/**
 * What becomes of an answer of several tokens: it is refused, its first token stands for it, or the whole of it is
 * measured.
 */
export type AnswerMode = 'one-token' | 'first-token' | 'whole';

/** Text that an answer follows, and its tokens without special ones. */
export interface AnswerPrefix {
  readonly text: string;
  readonly ids: readonly number[];
}

/** Tokens of an answer, and what its author should know of it. */
export interface AnswerTokens {
  readonly ids: readonly number[];
  readonly remark?: Remark;
}

/**
 * The tokens that an answer adds to a prompt. Both are tokenized together, so that the tokenizer's own leading space
 * does not stand between them. Where the text then is other tokens than the prompt's and further ones, the answer's own
 * token counts.
 *
 * @param prefix null where the prompt's text is not known.
 * @throws RowFault where the answer is empty or has no token.
 */
export function answerTokens(
  text: string,
  prefix: AnswerPrefix | null,
  where: string,
  tokenizer: TaskTokenizer,
): AnswerTokens {
  const added = prefix && tokensAdded(text, prefix, tokenizer);
  const alone = added?.length === 1 ? null : tokenizer.encodeBare(text);
  const ids = alone?.length === 1 ? alone : (added ?? alone);
  if (ids === null) throw new RowFault('text', where, `answer ${quote(text)} has no token`);
  if (ids.length === 0) throw new RowFault('answer', where, `answer ${quote(text)} is empty`);
  const remark = ids.length === 1 && prefix ? spaceRemark(text, ids[0]!, prefix, tokenizer) : undefined;
  return remark ? { ids, remark } : { ids };
}

/** An answer of several tokens where one is expected, with the forms and options that would do. */
export function severalTokens(
  text: string,
  ids: readonly number[],
  prefix: AnswerPrefix | null,
  where: string,
  tokenizer: TaskTokenizer,
): RowFault {
  const pieces = quoteList(ids.map((id) => tokenizer.tokenText(id)));
  const one = (form: string): boolean => {
    const added = prefix && tokensAdded(form, prefix, tokenizer);
    return (added ?? tokenizer.encodeBare(form))?.length === 1;
  };
  const bare = text.trimStart();
  const hint = one(` ${text}`)
    ? `; with a leading space, ${quote(` ${text}`)}, it is one`
    : bare !== text && bare !== '' && one(bare)
      ? `; without the leading space, ${quote(bare)}, it is one`
      : '';
  const what = `answer ${quote(text)} is ${ids.length} tokens (${pieces}), expected exactly one token${hint}`;
  return new RowFault('answer', where, `${what}; or take --answers first-token, or --metric nll for the whole answer`);
}

/** Tokens after the prefix's, or null where the joint text has other ones in front. */
function tokensAdded(text: string, prefix: AnswerPrefix, tokenizer: TaskTokenizer): number[] | null {
  const joint = tokenizer.encodeBare(prefix.text + text);
  if (joint === null || joint.length <= prefix.ids.length) return null;
  return prefix.ids.every((id, i) => joint[i] === id) ? joint.slice(prefix.ids.length) : null;
}

/** A space that is missing between prompt and answer, or there twice, if it makes another token. */
function spaceRemark(text: string, id: number, prefix: AnswerPrefix, tokenizer: TaskTokenizer): Remark | undefined {
  const end = lastWord(prefix.text);
  const example = `${quote(end)} + ${quote(text)}`;
  if (/\s$/.test(prefix.text)) {
    const cut = prefix.text.trimEnd();
    const shorter = tokenizer.encodeBare(cut);
    if (shorter === null || shorter.length >= prefix.ids.length || prefix.text.endsWith('\n')) return undefined;
    const form = `${quote(end.trimEnd())} + ${quote(` ${text.trimStart()}`)}`;
    const kind = /^\s/.test(text) ? 'doubled-space' : 'space-before-answer';
    return { kind, example: `${example}; write ${form}` };
  }
  if (!/^\p{L}/u.test(text) || !/[\p{L}.,:;?!)]$/u.test(prefix.text)) return undefined;
  const spaced = tokensAdded(` ${text}`, prefix, tokenizer);
  if (spaced?.length !== 1 || spaced[0] === id) return undefined;
  return { kind: 'missing-space', example: `${example}; write ${quote(` ${text}`)} if a space belongs there` };
}

/** The last word of a text with the space behind it. An expression would take quadratic time. */
function lastWord(text: string): string {
  let start = text.trimEnd().length;
  while (start > 0 && !/\s/.test(text.charAt(start - 1))) start--;
  return text.slice(start);
}
