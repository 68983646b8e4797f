import { Tokenizer } from '@huggingface/tokenizers';

import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { byteLevelText } from './byte-level.js';
import { readTokenizerFiles } from './tokenizer-json.js';
import type { TokenizerIdentity } from './types.js';

/** `auto` and `yes`: one beginning-of-text token in front of every text; `yes` insists that there is one. */
export type BosMode = 'auto' | 'yes' | 'no';

export interface TaskTokenizer {
  readonly identity: TokenizerIdentity;
  /**
   * Ids of a prompt, beginning-of-text token included as the mode says. `where` names the text in errors.
   *
   * @throws EdgewiseError of kind task: empty text, a word without a token, an id that the model does not have.
   */
  encodePrompt(text: string, where: string): number[];
  /** Ids of a text without any special token, or null where a part of it has no token. */
  encodeBare(text: string): number[] | null;
  /** The token as text for display, leading space and all. */
  tokenText(id: number): string;
}

export interface TokenizerOptions {
  /** Beginning-of-text id of the model's config, or null. */
  readonly bosTokenId: number | null;
  readonly bos: BosMode;
  /** SHA-256 (hex) of the tokenizer's file, for provenance. */
  readonly hash?: string;
  /** Size of the model's vocabulary: ids must be below. */
  readonly vocab: number;
}

interface NamedText {
  readonly text: string;
  /** Names the file in errors. */
  readonly where: string;
}

/**
 * Builds a tokenizer from the texts of tokenizer.json and, where there is one, tokenizer_config.json.
 *
 * @throws EdgewiseError of kind config, naming the file.
 */
export function createTokenizer(
  file: NamedText,
  configFile: NamedText | null,
  { bosTokenId, bos, vocab, hash }: TokenizerOptions,
): TaskTokenizer {
  if (bos === 'yes' && bosTokenId === null) {
    throw new EdgewiseError('usage', '--bos', 'yes needs a bos_token_id in the config, which has none');
  }
  const { json, config, byteLevel } = readTokenizerFiles(file, configFile);
  const library = guard(file.where, () => new Tokenizer(json, config));
  const added = library.get_added_tokens_decoder();

  /** Ids, with null for every piece of text that has no token. */
  const encode = (text: string, special: boolean): (number | null)[] =>
    guard(file.where, () => library.encode(text, { add_special_tokens: special })).tokens.map(
      (token) => library.token_to_id(token) ?? null,
    );

  const encodeBare = (text: string): number[] | null => known(encode(text, false));

  const tokenText = (id: number): string => {
    const token = library.id_to_token(id);
    if (token === undefined) return `<${id}>`;
    if (added.has(id)) return token;
    return byteLevel ? byteLevelText(token) : token.replaceAll('\u2581', ' ');
  };

  const refuseUnknown = (text: string, where: string): never => {
    const words = text.match(/\s*\S+/g) ?? [];
    const word = words.find((candidate) => encodeBare(candidate) === null) ?? text;
    throw new EdgewiseError('task', where, `the tokenizer has no token for ${quote(word)}`);
  };

  const inVocabulary = (ids: readonly number[], where: string): void => {
    const id = ids.find((candidate) => candidate >= vocab);
    if (id === undefined) return;
    const what = `token ${quote(tokenText(id))} has id ${id}, but the model's vocabulary has ${vocab} entries`;
    throw new EdgewiseError('task', where, what);
  };

  return {
    identity: { hash: hash ?? null, bos },

    encodePrompt(text, where) {
      const plain = encodeBare(text) ?? refuseUnknown(text, where);
      if (plain.length === 0) throw new EdgewiseError('task', where, 'the prompt is empty');
      const ids = bos === 'no' ? plain : [...specialPrefix(encode(text, true), plain), ...plain];
      if (bos !== 'no' && bosTokenId !== null && ids[0] !== bosTokenId) ids.unshift(bosTokenId);
      inVocabulary(ids, where);
      return ids;
    },

    encodeBare,
    tokenText,
  };
}

/**
 * Special tokens that the tokenizer puts before the text. What it would put behind (an end-of-text token) is left out,
 * because the prompt is to be continued.
 */
function specialPrefix(withSpecial: readonly (number | null)[], plain: readonly number[]): number[] {
  const starts = Array.from({ length: withSpecial.length - plain.length + 1 }, (_, start) => start);
  const start = starts.find((s) => plain.every((id, i) => withSpecial[s + i] === id)) ?? 0;
  return known(withSpecial.slice(0, start)) ?? [];
}

function known(ids: readonly (number | null)[]): number[] | null {
  return ids.every((id) => id !== null) ? [...ids] : null;
}

/** The library throws plain errors, some of them about its own insides. */
function guard<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EdgewiseError('config', where, `the tokenizer cannot be used (${reason})`, { cause });
  }
}
