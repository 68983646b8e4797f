import { BPE, Unigram, WordPiece } from '@huggingface/tokenizers';

import { EdgewiseError } from '../../base/errors.js';
import { oneLine, quote } from '../../base/text.js';

/** `model` of a tokenizer.json; its vocabulary was checked. */
export interface ModelFields {
  readonly type?: string | undefined;
  readonly vocab: object;
  readonly merges?: readonly (string | readonly string[])[] | undefined;
  readonly [key: string]: unknown;
}

/** Cuts words into tokens. */
export interface WordModel {
  /** Name of the kind, such as `BPE`. */
  readonly type: string;
  /** Ids of the model's own strings. */
  readonly ids: ReadonlyMap<string, number>;
  /** Ids of the tokens of one word; null in place of what has no token. */
  encode(word: string): readonly (number | null)[];
}

/** What the library gives for text without a token. It is in no vocabulary, so it can be told from every real token. */
const UNKNOWN = '\u0000unknown';

/**
 * Builds the model of a tokenizer.json. Its unknown token is taken away: many tokenizers give it the id of another
 * token, and byte-pair models without one drop unknown text in silence.
 *
 * @param where the file, for messages.
 * @throws EdgewiseError of kind config that names what is not supported.
 */
export function readModel(fields: ModelFields, where: string): WordModel {
  const type = typeOf(fields);
  const fail = (what: string): never => {
    throw new EdgewiseError('config', `${where}: model`, `${oneLine(type)}: ${what}`);
  };
  switch (type) {
    case 'BPE':
      return bytePair(fields, fail);
    case 'Unigram':
      return unigram(fields, fail);
    case 'WordPiece':
      return wordPiece(fields);
    case 'WordLevel': {
      const ids = idsOf(fields.vocab);
      return { type, ids, encode: (word) => [ids.get(word) ?? null] };
    }
    default:
      return fail('is a kind of model that is not supported');
  }
}

/** Files of early versions do not name the kind. */
function typeOf({ type, vocab, merges, max_input_chars_per_word: longest }: ModelFields): string {
  if (type !== undefined) return type;
  if (Array.isArray(vocab)) return 'Unigram';
  if (merges !== undefined) return 'BPE';
  return longest === undefined ? 'WordLevel' : 'WordPiece';
}

function idsOf(vocab: object): Map<string, number> {
  return new Map(Object.entries(vocab) as [string, number][]);
}

type Fail = (what: string) => never;

function bytePair(fields: ModelFields, fail: Fail): WordModel {
  const { dropout, continuing_subword_prefix: prefix } = fields;
  if (typeof dropout === 'number' && dropout > 0) fail(`dropout ${dropout} gives a text other tokens every time`);
  if (typeof prefix === 'string' && prefix !== '') fail('continuing_subword_prefix is not supported');
  const ids = idsOf(fields.vocab);
  const model = new BPE({
    ...fields,
    type: 'BPE',
    unk_token: UNKNOWN,
    vocab: fields.vocab as Record<string, number>,
    merges: checkedMerges(fields.merges, ids, fail),
    ignore_merges: fields['ignore_merges'] === true,
  });
  return { type: 'BPE', ids, encode: (word) => model.encode([word]).map((token) => ids.get(token) ?? null) };
}

function checkedMerges(
  merges: ModelFields['merges'],
  ids: ReadonlyMap<string, number>,
  fail: Fail,
): [string, string][] {
  if (merges === undefined) return fail('cannot be used without merges');
  return merges.map((merge, i) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    const [left = '', right = ''] = pair;
    if (pair.length !== 2 || left === '' || right === '') {
      return fail(`merge ${i + 1} is ${quote(merge)}, expected two tokens`);
    }
    const absent = [left, right, left + right].find((token) => !ids.has(token));
    if (absent !== undefined) {
      fail(`merge ${i + 1} is of ${quote(absent)}, which the vocabulary does not have`);
    }
    return [left, right];
  });
}

function unigram(fields: ModelFields, fail: Fail): WordModel {
  if (!Array.isArray(fields.vocab)) return fail('vocab: expected a list of [token, score] pairs');
  const pieces = fields.vocab as [string, number][];
  if (pieces.length === 0) fail('vocab is empty');
  const { unk_id: unknown, byte_fallback: fallback } = fields;
  // The library keeps a score for the unknown token; one behind the vocabulary is nobody else's.
  const unk_id = typeof unknown === 'number' ? unknown : pieces.length;
  const vocab: [string, number][] = typeof unknown === 'number' ? pieces : [...pieces, [UNKNOWN, 0]];
  const model = new Unigram({ type: 'Unigram', vocab, unk_id }, '');
  const ids = new Map(pieces.map(([token], id) => [token, id]));
  const encodeToken = (token: string): (number | null)[] => {
    const id = ids.get(token);
    if (id !== undefined || fallback !== true) return [id ?? null];
    return [...new TextEncoder().encode(token)].map((byte) => ids.get(byteToken(byte)) ?? null);
  };
  return { type: 'Unigram', ids, encode: (word) => model([word]).flatMap(encodeToken) };
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function wordPiece(fields: ModelFields): WordModel {
  const { continuing_subword_prefix: prefix, max_input_chars_per_word: longest } = fields;
  const ids = idsOf(fields.vocab);
  const model = new WordPiece({
    type: 'WordPiece',
    vocab: fields.vocab as Record<string, number>,
    unk_token: UNKNOWN,
    continuing_subword_prefix: typeof prefix === 'string' ? prefix : '##',
    max_input_chars_per_word: typeof longest === 'number' ? longest : 100,
  });
  return { type: 'WordPiece', ids, encode: (word) => model.encode([word]).map((token) => ids.get(token) ?? null) };
}
