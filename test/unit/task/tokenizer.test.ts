import { describe, expect, it } from 'vitest';

import { createTokenizer } from '../../../src/task/tokenizer.js';
import type { TaskTokenizer, TokenizerOptions } from '../../../src/task/tokenizer.js';

const BOS = '<|endoftext|>';
const bosToken = {
  id: 0,
  content: BOS,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
};

/** Words split on white space; the unknown token is the beginning-of-text token, as in many small models. */
const wordLevel = {
  added_tokens: [bosToken],
  pre_tokenizer: { type: 'WhitespaceSplit' },
  model: { type: 'WordLevel', vocab: { [BOS]: 0, at: 1, noon: 2, mary: 3, constructor: 4 }, unk_token: BOS },
};

/** Every byte is a token (GPT-2's table), and the merges make " the" and " M", " Ma". */
const byteAlphabet = Array.from({ length: 256 }, (_, i) => i).filter(
  (b) => (b >= 33 && b <= 126) || (b >= 161 && b !== 173),
);
const byteCharacters = [...byteAlphabet, ...Array.from({ length: 68 }, (_, i) => 256 + i)].map((c) =>
  String.fromCharCode(c),
);
const byteLevel = {
  added_tokens: [{ ...bosToken, id: 300 }],
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: Object.fromEntries([...byteCharacters, 'th', 'Ġth', 'Ġthe', 'ĠM'].map((token, id) => [token, id])),
    merges: ['t h', 'Ġ th', 'Ġth e', 'Ġ M'],
  },
};

const defaults: TokenizerOptions = { bosTokenId: 0, bos: 'auto', vocab: 400 };

function make(json: unknown, options: Partial<TokenizerOptions> = {}): TaskTokenizer {
  const file = { text: typeof json === 'string' ? json : JSON.stringify(json), where: 'm/tokenizer.json' };
  return createTokenizer(file, null, { ...defaults, ...options });
}

describe('unknown words', () => {
  it('are refused by name where the unknown token is the beginning-of-text token', () => {
    const tokenizer = make(wordLevel);
    expect(tokenizer.encodePrompt('at noon mary', 'here')).toEqual([0, 1, 2, 3]);
    expect(() => tokenizer.encodePrompt('at dawn mary', 'here')).toThrow(
      'here: the tokenizer has no token for " dawn"',
    );
  });

  it('are refused at the very start, where they would pass for the beginning of the text', () => {
    expect(() => make(wordLevel).encodePrompt('dawn at noon', 'x')).toThrow('no token for "dawn"');
  });

  it('are not dropped by a byte-pair model without an unknown token', () => {
    const { Q: _, ...vocab } = byteLevel.model.vocab;
    const tokenizer = make({ ...byteLevel, model: { ...byteLevel.model, vocab } }, { bosTokenId: null });
    expect(() => tokenizer.encodePrompt('AQA', 'x')).toThrow('no token for "AQA"');
  });

  it.each(['WordPiece', 'Unigram'])('are refused by a %s model', (type) => {
    const model =
      type === 'WordPiece'
        ? { type, vocab: { '[UNK]': 0, at: 1, noon: 2, '##s': 3 }, unk_token: '[UNK]', continuing_subword_prefix: '##' }
        : {
            type,
            vocab: [
              ['[UNK]', 0],
              ['at', -1],
              ['noon', -2],
              ['s', -3],
            ],
            unk_id: 0,
          };
    const tokenizer = make({ pre_tokenizer: { type: 'WhitespaceSplit' }, model }, { bosTokenId: null });
    expect(tokenizer.encodePrompt('at noons', 'x')).toEqual([1, 2, 3]);
    expect(() => tokenizer.encodePrompt('at dawn', 'x')).toThrow('no token for " dawn"');
  });

  it('take words that JavaScript objects inherit for words', () => {
    expect(make(wordLevel).encodePrompt('constructor at', 'x')).toEqual([0, 4, 1]);
    expect(() => make(wordLevel).encodePrompt('toString', 'x')).toThrow('no token for "toString"');
  });
});

describe('beginning of text', () => {
  const adding = {
    ...wordLevel,
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: BOS, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: BOS, type_id: 0 } },
      ],
      pair: [],
      special_tokens: { [BOS]: { id: BOS, ids: [0], tokens: [BOS] } },
    },
  };

  it.each([
    ['auto', wordLevel, [0, 1]],
    ['yes', wordLevel, [0, 1]],
    ['no', wordLevel, [1]],
    // Never twice, and nothing behind the text, which is to be continued.
    ['auto', adding, [0, 1]],
    ['yes', adding, [0, 1]],
    ['no', adding, [1]],
  ] as const)('--bos %s', (bos, json, ids) => {
    expect(make(json, { bos }).encodePrompt('at', 'x')).toEqual(ids);
  });

  it('is absent under auto and an error under yes where the config names none', () => {
    expect(make(wordLevel, { bosTokenId: null }).encodePrompt('at', 'x')).toEqual([1]);
    expect(make(adding, { bosTokenId: null }).encodePrompt('at', 'x')).toEqual([0, 1]);
    expect(() => make(wordLevel, { bos: 'yes', bosTokenId: null })).toThrow('--bos: yes needs a bos_token_id');
  });

  it('is not enough for a prompt', () => {
    expect(() => make(wordLevel).encodePrompt('  ', 'line 3')).toThrow('line 3: the prompt is empty');
  });
});

describe('display', () => {
  it('shows bytes of a part of a character and special tokens', () => {
    const tokenizer = make(byteLevel, { bosTokenId: 300 });
    expect(tokenizer.encodePrompt(' thé', 'x').map((id) => tokenizer.tokenText(id))).toEqual([
      BOS,
      ' th',
      '<0xC3>',
      '<0xA9>',
    ]);
    expect(tokenizer.tokenText(9999)).toBe('<9999>');
  });
});

describe('hostile files', () => {
  it.each([
    ['{', 'is not valid JSON'],
    ['[]', 'expected a JSON object'],
    ['{"model":{"type":"WordLevel","vocab":5}}', 'model.vocab'],
    ['{"model":{"type":"WordLevel","vocab":{"a":-1}}}', 'model.vocab'],
    ['{"model":{"type":"WordLevel","vocab":{"a":1e300}}}', 'model.vocab'],
    ['{"model":{"type":"BPE","vocab":{"a":1}}}', 'cannot be used'],
    ['{"model":{"type":"BPE","vocab":{"a":1},"merges":[1]}}', 'model.merges'],
    ['{"model":{"type":"WordLevel","vocab":{"a":1}},"pre_tokenizer":{"type":"Surprise"}}', 'Surprise'],
    ['{"model":{"type":"WordLevel","vocab":{"a":1}},"added_tokens":[{"id":"x","content":"y"}]}', 'added_tokens.0.id'],
    ['{}', 'model'],
  ])('%s names the file', (text, message) => {
    expect(() => make(text)).toThrow(/^m\/tokenizer\.json: /);
    expect(() => make(text)).toThrow(message);
  });

  it('refuses ids that the model does not have', () => {
    expect(() => make(wordLevel, { vocab: 3 }).encodePrompt('at mary', 'x')).toThrow(
      'x: token "mary" has id 3, but the model\'s vocabulary has 3 entries',
    );
  });
});
