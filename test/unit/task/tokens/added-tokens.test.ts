import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { createTokenizer, type TaskTokenizer } from '../../../../src/task/tokenizer.js';

const field = fileURLToPath(new URL('../../../golden/field/added-token-flags/', import.meta.url));
const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
const model = { type: 'BPE', vocab: { a: 0, b: 1, ' ': 2, x: 3 }, merges: [] };

function make(json: unknown): TaskTokenizer {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return createTokenizer({ text, where: 'm/tokenizer.json' }, null, { bosTokenId: null, bos: 'auto', vocab: 100 });
}

const withAdded = (...added: object[]): TaskTokenizer =>
  make({ model, added_tokens: added.map((token, i) => ({ ...plain, id: 4 + i, ...token })) });

describe('the case of the field', () => {
  const tokenizer = make(readFileSync(`${field}tokenizer.json`, 'utf8'));
  const expected = JSON.parse(readFileSync(`${field}expected-ids.json`, 'utf8')) as Record<string, number[]>;
  it.each(Object.entries(expected))('%j', (text, ids) => {
    expect(tokenizer.encodePrompt(text, 'x')).toEqual(ids);
  });

  it('shows a normalized token as it is written', () => {
    expect(tokenizer.encodePrompt('a Hello b', 'x').map((id) => tokenizer.tokenText(id))).toContain('Hello');
  });
});

describe('finding', () => {
  it('takes the leftmost of the longest', () => {
    const tokenizer = withAdded({ content: '<a>' }, { content: '<a><b>' }, { content: '<b>x' });
    expect(tokenizer.encodeBare('a<a><b>x<a>')).toEqual([0, 5, 3, 4]);
  });

  it('keeps an added token that is a spelling of the model for the text that spells it', () => {
    const bytes = { type: 'ByteLevel', add_prefix_space: false };
    const vocab = { a: 0, Ġ: 1, Ġa: 2 };
    const json = { pre_tokenizer: bytes, model: { type: 'BPE', vocab, merges: ['Ġ a'] } };
    const tokenizer = make({ ...json, added_tokens: [{ ...plain, id: 2, content: 'Ġa' }] });
    expect(tokenizer.encodeBare(' aĠa')).toEqual([2, 2]);
    expect(tokenizer.tokenText(2)).toBe('Ġa');
  });

  it('takes blanks on the sides that it says, but not those of the token before', () => {
    const tokenizer = withAdded({ content: '<l>', lstrip: true }, { content: '<r>', rstrip: true });
    expect(tokenizer.encodeBare('a  <l> b')).toEqual([0, 4, 2, 1]);
    expect(tokenizer.encodeBare('a <r>\u0085\n b')).toEqual([0, 2, 5, 1]);
    expect(tokenizer.encodeBare('<r>  <l>')).toEqual([5, 4]);
    // A byte order mark is no blank.
    expect(tokenizer.encodeBare('<r>\ufeff')).toBeNull();
  });

  it('leaves a single word alone beside letters, digits, marks and joiners of any script', () => {
    const tokenizer = withAdded({ content: 'x', id: 3, single_word: true });
    expect(tokenizer.encodeBare('a x b')).toEqual([0, 2, 3, 2, 1]);
    for (const beside of ['é', 'й', '٣', '_', '\u0301', '\u200d'])
      expect(tokenizer.encodeBare(`x${beside}`)).toBeNull();
    expect(withAdded({ content: 'zz', single_word: true }).encodeBare('azz')).toBeNull();
    expect(withAdded({ content: 'zz', single_word: true }).encodeBare('zz a')).toEqual([4, 2, 0]);
  });

  it('is not slow on a text of many beginnings, of many blanks, and of many matches', () => {
    const blanks = withAdded({ content: '<l>', lstrip: true, single_word: true });
    expect(blanks.encodeBare(`${' '.repeat(50_000)}x <l>`)).toHaveLength(50_002);
    expect(blanks.encodeBare('<l> '.repeat(20_000))).toHaveLength(20_001);

    const tokenizer = withAdded({ content: `${'x'.repeat(400)}!` });
    expect(tokenizer.encodeBare('x'.repeat(20_000))).toHaveLength(20_000);
  });
});

describe('ids that are no ids of the library', () => {
  const json = (added: object[]): object => ({ model, added_tokens: added.map((token) => ({ ...plain, ...token })) });
  it.each([
    [
      'another id than the vocabulary has',
      [{ content: 'a', id: 4 }],
      /"a" has id 4, expected 0, the id that this text has/,
    ],
    [
      'two ids of one text',
      [
        { content: 'y', id: 4 },
        { content: 'y', id: 5 },
      ],
      /"y" has id 5, expected 4/,
    ],
    ["an id of the vocabulary's", [{ content: 'y', id: 1 }], /"y" has id 1, expected another id: 1 is "b"/],
    [
      'an id of another one',
      [
        { content: 'y', id: 4 },
        { content: 'z', id: 4 },
      ],
      /"z" has id 4, .*4 is "y"/,
    ],
  ])('%s: refused by name', (_, added, message) => {
    expect(() => make(json(added))).toThrow(/^m\/tokenizer\.json: added_tokens: /);
    expect(() => make(json(added))).toThrow(message);
  });

  it('a free id that is not the next is told', () => {
    const tokenizer = make(
      json([
        { content: 'y', id: 9 },
        { content: 'z', id: 10 },
      ]),
    );
    expect(tokenizer.notes).toEqual([expect.stringMatching(/"y" has id 9, which is used; the Rust library .* id, 4$/)]);
    expect(tokenizer.encodeBare('yz')).toEqual([9, 10]);
    expect(
      make(
        json([
          { content: 'y', id: 4 },
          { content: 'y', id: 4 },
          { content: 'a', id: 0 },
        ]),
      ).notes,
    ).toEqual([]);
  });

  it('one text for two tokens is refused, as the library takes either', () => {
    const two = [
      { content: 'Yes', id: 4 },
      { content: 'YES', id: 5 },
    ].map((token) => ({ ...plain, ...token, normalized: true }));
    const normalizer = { type: 'Lowercase' };
    expect(() => make({ model, normalizer, added_tokens: two })).toThrow(
      'm/tokenizer.json: added_tokens: "Yes" and "YES" are both looked for as "yes", expected one token for it',
    );
    expect(make({ model, added_tokens: two }).encodeBare('YESYes')).toEqual([5, 4]);
  });
});
