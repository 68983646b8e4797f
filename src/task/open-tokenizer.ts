import { sha256 } from '../base/sha256.js';
import { tokenizerJsonOf } from './tokens/byte-pair-files.js';
import type { NamedText } from './tokens/tokenizer-json.js';
import { createTokenizer, type TaskTokenizer, type TokenizerOptions } from './tokenizer.js';

/** A file of the model's folder by its plain name; null where there is none. */
export type ReadModelFile = (name: string) => Promise<NamedText | null>;

/**
 * The tokenizer of a model's folder: tokenizer.json, or else vocab.json with merges.txt. Null where it has neither.
 *
 * @throws EdgewiseError of kind config, naming the file and what in it is at fault or not supported.
 */
export async function openModelTokenizer(
  read: ReadModelFile,
  options: Omit<TokenizerOptions, 'hash' | 'specialTokensMap'>,
): Promise<TaskTokenizer | null> {
  const file = (await read('tokenizer.json')) ?? (await fromBytePairFiles(read));
  if (file === null) return null;
  const specialTokensMap = await read('special_tokens_map.json');
  const config = await read('tokenizer_config.json');
  return createTokenizer(file, config, { ...options, specialTokensMap, hash: await sha256(file.text) });
}

async function fromBytePairFiles(read: ReadModelFile): Promise<NamedText | null> {
  const vocab = await read('vocab.json');
  const merges = await read('merges.txt');
  if (vocab === null || merges === null) return null;
  const json = tokenizerJsonOf({
    vocab,
    merges,
    config: await read('tokenizer_config.json'),
    specialTokensMap: await read('special_tokens_map.json'),
    added: await read('added_tokens.json'),
  });
  return { text: JSON.stringify(json), where: vocab.where };
}
