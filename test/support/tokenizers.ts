/** Small tokenizers of several kinds, as the JSON of a tokenizer.json. */

/** GPT-2's table: the character that stands for each byte in token strings. */
const SHIFTED = [...Array.from({ length: 33 }, (_, i) => i), ...Array.from({ length: 34 }, (_, i) => 127 + i), 173];
const byteCharacter = (byte: number): string =>
  String.fromCharCode(SHIFTED.includes(byte) ? 256 + SHIFTED.indexOf(byte) : byte);

/** A byte-level BPE with a token for every byte and for each of these texts. */
export function byteLevelTokenizer(texts: readonly string[]): object {
  const spelled = texts.map((text) => [...new TextEncoder().encode(text)].map(byteCharacter));
  // Every prefix of a text is a token, so that merges from the left reach it.
  const merges = new Set<string>();
  const tokens = new Set(Array.from({ length: 256 }, (_, byte) => byteCharacter(byte)));
  for (const characters of spelled) {
    for (let length = 2; length <= characters.length; length++) {
      const head = characters.slice(0, length - 1).join('');
      merges.add(`${head} ${characters[length - 1]!}`);
      tokens.add(head + characters[length - 1]!);
    }
  }
  const stage = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: stage,
    post_processor: null,
    decoder: stage,
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...tokens].map((token, id) => [token, id])),
      merges: [...merges],
    },
  };
}

/** A BPE that puts a space in front of every text, as Llama 2's does. */
export function metaspaceTokenizer(characters: readonly string[]): object {
  const stage = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true };
  const tokens = ['<unk>', '\u2581', ...characters];
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: stage,
    post_processor: null,
    decoder: stage,
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

export function wordPieceTokenizer(pieces: readonly string[]): object {
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(['[UNK]', ...pieces].map((token, id) => [token, id])),
    },
  };
}
