import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { createTokenizer, type TaskTokenizer } from '../../../../src/task/tokenizer.js';

const golden = fileURLToPath(new URL('../../../golden/', import.meta.url));
const read = (path: string): unknown => JSON.parse(readFileSync(golden + path, 'utf8'));
const texts = read('tokenizer-references/texts.json') as string[];
const base = read('tokenizers/gpt2.json') as Record<string, unknown>;

/** A stage in the place of gpt2.json's own, and the ids that the Rust library then gives. */
type Reference = Readonly<Record<string, unknown>> & { readonly ids: Readonly<Record<string, readonly number[]>> };

function make(change: object): TaskTokenizer {
  const file = { text: JSON.stringify({ ...base, ...change }), where: 'm/tokenizer.json' };
  return createTokenizer(file, null, { bosTokenId: null, bos: 'no', vocab: 1000 });
}

describe('each stage gives the ids of the Rust library', () => {
  const references = read('tokenizer-references/stages.json') as Reference[];
  it.each(references.map(({ ids, ...change }) => [JSON.stringify(change), change, ids] as const))(
    '%s',
    (_, change, ids) => {
      const tokenizer = make(change);
      const got = Object.keys(ids).map((number) => [number, tokenizer.encodeBare(texts[Number(number)] ?? '')]);
      expect(got).toEqual(Object.entries(ids));
    },
  );
});

describe('what cannot be done exactly', () => {
  const first = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };
  it.each([
    [{ normalizer: { type: 'Nmt' } }, /^m\/tokenizer\.json: normalizer: Nmt is a normalizer that is not supported$/],
    [
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Surprise' }] } },
      /normalizers\[1\]: Surprise is/,
    ],
    [{ normalizer: { type: 'Sequence' } }, /Sequence: normalizers: got nothing, expected a list/],
    [{ normalizer: { type: 'Replace', pattern: 5, content: '' } }, /pattern: got 5/],
    [
      { normalizer: { type: 'Replace', pattern: { Regex: '(' }, content: '' } },
      /pattern: got .*that JavaScript can follow/,
    ],
    [{ normalizer: { type: 'Strip', strip_left: 'yes' } }, /strip_left: got "yes", expected true or false/],
    [{ pre_tokenizer: { type: 'UnicodeScripts' } }, /UnicodeScripts is a pre-tokenizer that is not supported/],
    [{ pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior: 'isolated' } }, /behavior: got "isolated"/],
    [{ pre_tokenizer: { type: 'Split', pattern: { Regex: '(?>a+)b' }, behavior: 'Isolated' } }, /atomic groups/],
    [{ pre_tokenizer: { type: 'FixedLength', length: 0 } }, /length: got 0, expected a whole number of at least 1/],
    [{ pre_tokenizer: first, normalizer: { type: 'Strip' } }, /prepend_scheme first is not supported behind/],
    [{ pre_tokenizer: {} }, /pre_tokenizer: expected an object with a type/],
    [{ post_processor: { type: 'Surprise' } }, /Surprise is a post-processor that is not supported/],
    [
      { post_processor: { type: 'TemplateProcessing', single: [], special_tokens: {} } },
      /single: .*the text in it once/,
    ],
    [
      {
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: '__proto__', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
          special_tokens: {},
        },
      },
      /expected ids of "__proto__"/,
    ],
    [
      { post_processor: { type: 'BertProcessing', cls: ['[CLS]'], sep: ['[SEP]', 1] } },
      /cls: got .*expected a token and its id/,
    ],
  ])('%j is refused by name', (change, message) => {
    expect(() => make(change)).toThrow(message);
  });

  it('is told where it is close', () => {
    const tokenizer = make({ normalizer: { type: 'Precompiled', precompiled_charsmap: '' } });
    expect(tokenizer.notes).toEqual([expect.stringMatching(/Precompiled is approximated by Unicode NFKC/)]);
    expect(tokenizer.encodeBare('ﬁne')).toEqual(tokenizer.encodeBare('fine'));
  });
});

describe('models', () => {
  const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] };
  const make3 = (model: object): TaskTokenizer => make({ model, added_tokens: [], pre_tokenizer: null });
  it.each([
    [{ ...bpe, dropout: 0.1 }, /dropout 0\.1 gives a text other tokens every time/],
    [{ ...bpe, continuing_subword_prefix: '##' }, /continuing_subword_prefix is not supported/],
    [{ ...bpe, merges: ['a b', 'a b c'] }, /merge 2 is "a b c", expected two tokens/],
    [{ ...bpe, merges: [['a', 'c']] }, /merge 1 is of "c", which the vocabulary does not have/],
    [{ ...bpe, merges: [['b', 'a']] }, /merge 1 is of "ba"/],
    [{ type: 'Unigram', vocab: { a: 0 } }, /Unigram: vocab: expected a list/],
    [{ type: 'Surprise', vocab: {} }, /Surprise: is a kind of model that is not supported/],
  ])('%j is refused by name', (model, message) => {
    expect(() => make3(model)).toThrow(message);
  });

  it('take an empty prefix, no dropout and no name of the kind', () => {
    expect(make3({ ...bpe, dropout: 0, continuing_subword_prefix: '' }).encodeBare('aba')).toEqual([2, 0]);
    const { type: _, ...unnamed } = bpe;
    expect(make3(unnamed).encodeBare('ab')).toEqual([2]);
    expect(make3({ vocab: { a: 5 } }).encodeBare('a')).toEqual([5]);
    expect(
      make3({
        vocab: [
          ['a', -1],
          ['ab', -1.5],
        ],
        unk_id: null,
      }).encodeBare('aba'),
    ).toEqual([1, 0]);
    expect(make3({ vocab: [['a', -1]], unk_id: null }).encodeBare('ac')).toBeNull();
  });

  it('fall back to bytes where they say so', () => {
    const vocab = [
      ['<unk>', 0],
      ['a', -1],
      ['<0xC3>', -9],
      ['<0xA9>', -9],
    ];
    expect(make3({ type: 'Unigram', vocab, unk_id: 0, byte_fallback: true }).encodeBare('aé')).toEqual([1, 2, 3]);
    expect(make3({ type: 'Unigram', vocab, unk_id: 0, byte_fallback: true }).encodeBare('aè')).toBeNull();
    expect(make3({ type: 'Unigram', vocab, unk_id: 0, byte_fallback: false }).encodeBare('aé')).toBeNull();
  });
});
