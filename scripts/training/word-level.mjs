// A word-level tokenizer: every word of the training text is a token.
import { Tokenizer } from '@huggingface/tokenizers';

const BOS = '<|endoftext|>';
const UNKNOWN = '[UNK]';

/** GPT-2's rule for words, their leading space included, but numbers go by two digits: " 1732" -> " 17", "32". */
const WORDS = String.raw`'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\n+| +(?!\S)|\s`;

function tokenizerJson(words) {
  const special = (id, content) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const tokens = [BOS, UNKNOWN, ...words];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(0, BOS), special(1, UNKNOWN)],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      unk_token: UNKNOWN,
    },
  };
}

/**
 * The file tokenizer.json, and the number of tokens.
 *
 * @param {Iterable<string>} texts
 */
export function wordLevelTokenizer(texts) {
  // With an empty vocabulary the library returns the words as they are cut.
  const cutter = new Tokenizer(tokenizerJson([]), {});
  const words = new Set();
  for (const text of texts) for (const word of cutter.tokenize(text)) words.add(word);
  const json = tokenizerJson([...words].sort((a, b) => (a < b ? -1 : 1)));
  return { json, config: null, bosTokenId: 0, vocab: words.size + 2 };
}
