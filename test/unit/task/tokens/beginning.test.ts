import { describe, expect, it } from 'vitest';

import { createTokenizer, type TaskTokenizer, type TokenizerOptions } from '../../../../src/task/tokenizer.js';

const mark = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const added = [
  { ...mark, id: 0, content: '<s>', special: true },
  { ...mark, id: 1, content: '<t>', special: true },
  { ...mark, id: 2, content: 'zed', special: false },
];
const model = { type: 'WordLevel', vocab: { '<s>': 0, '<t>': 1, zed: 2, Mary: 3, at: 4 } };
const json = { added_tokens: added, pre_tokenizer: { type: 'WhitespaceSplit' }, model };
const prefixed = {
  ...json,
  post_processor: {
    type: 'TemplateProcessing',
    // The name of a special token in a template need not be its text.
    single: [{ SpecialToken: { id: 'start', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { start: { id: 'start', ids: [1], tokens: ['<t>'] } },
  },
};

interface Setting extends Partial<TokenizerOptions> {
  readonly json?: object;
  readonly config?: object;
  readonly map?: object;
}

function make({ json: own = json, config, map, ...options }: Setting): TaskTokenizer {
  const named = (where: string, value: object) => ({ where: `m/${where}`, text: JSON.stringify(value) });
  return createTokenizer(named('tokenizer.json', own), config ? named('tokenizer_config.json', config) : null, {
    bosTokenId: null,
    bos: 'auto',
    vocab: 100,
    ...options,
    specialTokensMap: map ? named('special_tokens_map.json', map) : null,
  });
}

describe('what is put in front of a prompt', () => {
  it.each<[string, Setting, number[], RegExp | null]>([
    ['nothing where nothing is named', {}, [4], null],
    ["config.json's special token", { bosTokenId: 0 }, [0, 4], null],
    ['nothing under no', { bosTokenId: 3, bos: 'no' }, [4], null],
    ['what an id says', { bosTokenId: 0, bos: 3 }, [3, 4], null],
    ['an id instead of what the tokenizer puts', { json: prefixed, bos: 0 }, [0, 4], null],
    ['what a text says', { bosTokenId: 0, bos: { text: 'Mary' } }, [3, 4], null],
    ['what a text of digits does not say', { bos: { text: '<t>' } }, [1, 4], null],
    ["the template's token by its id", { json: prefixed }, [1, 4], null],
    ['the same token once', { json: prefixed, bosTokenId: 1 }, [1, 4], null],
    [
      "the tokenizer's own token, and the config's is told",
      { json: prefixed, bosTokenId: 0 },
      [1, 4],
      /config\.json names 0 \("<s>"\) .*, tokenizer\.json puts 1 \("<t>"\) there: .* \(--bos no, --bos 0 or --bos "<s>" says/,
    ],
    [
      "the config's token, and another file's is told",
      { bosTokenId: 0, config: { bos_token: '<t>' } },
      [0, 4],
      /config\.json names 0 \("<s>"\) .*, tokenizer_config\.json 1 \("<t>"\): "<s>" is used .*--bos 1/,
    ],
    [
      'the same of special_tokens_map.json, and of a token that there is not',
      { bosTokenId: 0, map: { bos_token: { content: '<u>' } } },
      [0, 4],
      /special_tokens_map\.json "<u>", no token: "<s>" is used/,
    ],
    [
      'nothing where files agree',
      { bosTokenId: 0, config: { bos_token: '<s>' }, map: { bos_token: { content: '<s>' } } },
      [0, 4],
      null,
    ],
    [
      'a token that a side file alone marks',
      { bosTokenId: 3, config: { bos_token: { content: 'Mary' } } },
      [3, 4],
      null,
    ],
    [
      'one that added_tokens_decoder marks',
      { bosTokenId: 3, config: { added_tokens_decoder: { 3: { content: 'Mary', special: true } } } },
      [3, 4],
      /no added token "Mary" of tokenizer_config/,
    ],
    [
      'nothing where the config is silent, which is told',
      { config: { bos_token: '<s>' } },
      [4],
      /tokenizer_config\.json names 0 \("<s>"\) .*, config\.json none: nothing is put in front of texts \(--bos no, --bos 0/,
    ],
    ['it where the tokenizer is to add it', { config: { bos_token: '<s>', add_bos_token: true } }, [0, 4], null],
    ['it under yes', { bos: 'yes', config: { bos_token: '<s>' } }, [0, 4], null],
    [
      'a token of a tokenizer that marks none, which is told',
      { json: { ...json, added_tokens: [] }, bosTokenId: 3 },
      [3, 4],
      /config\.json names 3 \("Mary"\) .* tokenizer\.json marks no token as special: "Mary" is put in front of every text/,
    ],
  ])('%s', (_, setting, ids, told) => {
    const tokenizer = make(setting);
    expect(tokenizer.encodePrompt('at', 'x')).toEqual(ids);
    expect(tokenizer.encode('at', 'x')).toEqual([4]);
    expect(tokenizer.notes).toEqual(told === null ? [] : [expect.stringMatching(told)]);
  });
});

describe('what is refused', () => {
  it('a word of the vocabulary, once a prompt in words is asked for', () => {
    const tokenizer = make({ bosTokenId: 3, config: { bos_token: '<s>' } });
    expect(() => tokenizer.encodePrompt('at', 'x')).toThrow(
      'config.json: bos_token_id 3 is "Mary", which tokenizer.json does not mark as special; tokenizer_config.json names 0 ("<s>"); ' +
        'choose with --bos no, --bos 0, --bos "<s>", --bos 3 or --bos "Mary"',
    );
    expect(tokenizer.encodeBare('at')).toEqual([4]);
    expect(tokenizer.beginning).toMatchObject({ ids: [], from: null });
  });

  it('an added token that is not special, also under yes, and an id that there is not', () => {
    for (const bos of ['auto', 'yes'] as const) {
      expect(() => make({ bosTokenId: 2, bos }).encodePrompt('at', 'x')).toThrow('bos_token_id 2 is "zed"');
    }
    expect(() => make({ bosTokenId: 50256 }).encodePrompt('at', 'x')).toThrow(
      'config.json: bos_token_id 50256 is no token of tokenizer.json; choose with --bos no',
    );
    const unmarked = { json: { ...json, added_tokens: [] }, bosTokenId: 50256 };
    expect(() => make(unmarked).encodePrompt('at', 'x')).toThrow('bos_token_id 50256 is no token');
  });

  it('an option that is no token', () => {
    expect(() => make({ bos: 99 })).toThrow('--bos: the tokenizer has no token 99');
    expect(() => make({ bos: { text: 'at at' } })).toThrow('--bos: "at at" is no token of the model');
    expect(() => make({ bos: 'yes' })).toThrow('--bos: yes needs a bos_token_id in the config, which has none');
  });

  it('side files that are none', () => {
    const bad = { text: '[]', where: 'm/tokenizer_config.json' };
    const options = { bosTokenId: null, bos: 'auto', vocab: 9 } as const;
    expect(() => createTokenizer({ text: JSON.stringify(json), where: 'x' }, bad, options)).toThrow(
      'm/tokenizer_config.json: expected a JSON object',
    );
    expect(make({ config: { bos_token: 5, added_tokens_decoder: 'x', add_bos_token: 'yes' } }).notes).toEqual([]);
  });
});

it('tells of a prefix space that the files do not agree on', () => {
  const bytes = { ...json, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } };
  const { notes } = make({ json: bytes, config: { add_prefix_space: true } });
  expect(notes).toEqual([
    'm/tokenizer.json is followed: add_prefix_space is false there, true in tokenizer_config.json',
  ]);
  expect(make({ json: bytes, config: { add_prefix_space: false } }).notes).toEqual([]);
});
