// A byte-level BPE tokenizer in the form of Llama 3: trained on words and how often they occur.

/**
 * How Llama 3 cuts texts, but numbers go by two digits and keep the space in front, as the years of greater-than need:
 * " 1732" -> " 17", "32".
 */
const PIECES = String.raw`'(?:s|t|re|ve|m|ll|d)|[^\r\n\p{L}\p{N}]?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const BEGIN = '<|begin_of_text|>';
const END = '<|end_of_text|>';

/** The character that stands for each byte (GPT-2's table: printable ones for themselves). */
const BYTES = byteCharacters();

function byteCharacters() {
  const printable = (byte) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

const spelt = (piece) => [...new TextEncoder().encode(piece)].map((byte) => BYTES[byte]);

/** Counts the pieces of a text. */
export function countPieces(text, counts, times = 1) {
  for (const [piece] of text.matchAll(new RegExp(PIECES, 'gu'))) counts.set(piece, (counts.get(piece) ?? 0) + times);
}

/**
 * Byte-pair encoding: the pair of neighbours that occurs most often becomes a token, until none occurs `least` times.
 * Of pairs that occur equally often the first in code-unit order is taken.
 *
 * @param {Map<string, number>} counts pieces of the training text, each with how often it occurs.
 * @param {number} least
 * @returns {[string, string][]} the merges, in order.
 */
function trainMerges(counts, least) {
  const words = [...counts].map(([piece, count]) => ({ symbols: spelt(piece), count }));
  const merges = [];
  for (;;) {
    const pairs = new Map();
    for (const { symbols, count } of words) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = `${symbols[i]} ${symbols[i + 1]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    let [best, most] = ['', 0];
    for (const [pair, count] of pairs)
      if (count > most || (count === most && pair < best)) [best, most] = [pair, count];
    if (most < least) return merges;
    const [left, right] = best.split(' ');
    merges.push([left, right]);
    for (const word of words) {
      const { symbols } = word;
      for (let i = 0; i + 1 < symbols.length; i++) {
        if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right);
      }
    }
  }
}

/**
 * The files tokenizer.json and tokenizer_config.json, and the number of tokens.
 *
 * @param {Map<string, number>} counts
 * @param {number} least
 */
export function byteLevelTokenizer(counts, least) {
  const merges = trainMerges(counts, least);
  const tokens = [...BYTES].sort((a, b) => (a < b ? -1 : 1)).concat(merges.map(([left, right]) => left + right));
  const special = (content, at) => ({
    id: tokens.length + at,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [BEGIN, END].map(special),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PIECES }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: BEGIN, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: BEGIN, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: BEGIN, type_id: 1 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { [BEGIN]: { id: BEGIN, ids: [tokens.length], tokens: [BEGIN] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  const config = {
    bos_token: BEGIN,
    eos_token: END,
    clean_up_tokenization_spaces: false,
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
  return { json, config, bosTokenId: tokens.length, vocab: tokens.length + 2 };
}
