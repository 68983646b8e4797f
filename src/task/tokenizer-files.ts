/** Files that a tokenizer may be made of, by their plain names. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
] as const;

/** Files of other kinds of tokenizers, and what to do about each. */
const OTHER_FILES: Readonly<Record<string, string>> = {
  'spiece.model': 'a SentencePiece model',
  'tokenizer.model': 'a SentencePiece model',
  'spm.model': 'a SentencePiece model',
  'sentencepiece.bpe.model': 'a SentencePiece model',
  'vocab.txt': 'a WordPiece vocabulary',
  'tekken.json': "Mistral's own form",
  'encoder.json': 'vocab.json under its oldest name',
  'vocab.bpe': 'merges.txt under its oldest name',
  'vocab.json': 'of no use without merges.txt',
  'merges.txt': 'of no use without vocab.json',
};

/** Whether files of these names make a tokenizer. */
export function makeTokenizer(names: ReadonlySet<string>): boolean {
  return names.has('tokenizer.json') || (names.has('vocab.json') && names.has('merges.txt'));
}

/**
 * Why a folder has no tokenizer, in words that follow `the model`: `has no tokenizer.json; it has vocab.txt ...`.
 *
 * @param has whether the folder has a file of that name.
 */
export async function withoutTokenizer(has: (name: string) => Promise<boolean>): Promise<string> {
  const found: string[] = [];
  for (const [name, what] of Object.entries(OTHER_FILES)) if (await has(name)) found.push(`${name} (${what})`);
  const other = found.length === 0 ? '' : `, only ${found.join(', ')}`;
  const way = found.length === 0 ? '' : '; the transformers library makes a tokenizer.json of it by save_pretrained';
  return `has no tokenizer.json, and no vocab.json with merges.txt${other}${way}`;
}
