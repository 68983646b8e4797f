/** A tokenizer that cannot be bounded is refused by the name of what is at fault. */
import { describe, expect, test } from 'vitest';
import { createTokenizer, type TaskTokenizer } from '../../../../src/task/tokenizer.js';

const openText = (text: string): TaskTokenizer =>
  createTokenizer({ text, where: 't.json' }, null, { bosTokenId: null, bos: 'no', vocab: 10 });
const open = (json: object): TaskTokenizer =>
  openText(JSON.stringify({ model: { type: 'WordLevel', vocab: { a: 0 } }, ...json }));
const splitBy = (expression: string): object => ({
  pre_tokenizer: { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false },
});
const replace = (content: string): object => ({ type: 'Replace', pattern: { String: 'a' }, content });

describe('expressions', () => {
  test.each([
    '(a+)+$',
    '(a*)*b',
    '(\\w+\\s?)+$',
    '(x+x+)+y',
    '(.*)*x',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(?:\\s*\\w+)+$',
    '(?=(a+)+b)',
  ])('%s takes exponential time', (expression) => {
    expect(() => open(splitBy(expression))).toThrow(
      /^t\.json: pre_tokenizer: Split has the expression ".*", which takes exponential time for texts with "/,
    );
  });

  test.each([
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    '\\d{1,3}(?=(?:\\d{3})*\\b)',
    '(?:\\p{L}\\p{M}*)+',
    "\\p{L}+(?:'\\p{L}+)*",
  ])('%s does not', (expression) => {
    expect(open(splitBy(expression)).encodeBare('a')).toEqual([0]);
  });

  test('too long to look at', () => {
    expect(() => open(splitBy('a'.repeat(10_001)))).toThrow(/expected a pattern of at most 10,000 characters$/);
  });
});

describe('growth', () => {
  test('a normalizer that doubles a text again and again', () => {
    const normalizers = Array.from({ length: 40 }, () => replace('aa'));
    expect(() => open({ normalizer: { type: 'Sequence', normalizers } }).encodeBare('a')).toThrow(
      /^t\.json: normalizer\.normalizers\[23\]: Replace makes a text of more than 10,000,000 characters, expected/,
    );
  });

  test('a pre-tokenizer that spells bytes of bytes', () => {
    const pretokenizers = Array.from({ length: 30 }, () => ({ type: 'ByteLevel', use_regex: false }));
    expect(() => open({ pre_tokenizer: { type: 'Sequence', pretokenizers } }).encodeBare('\u00e9')).toThrow(
      /^t\.json: pre_tokenizer: Sequence makes a text of more than 10,000,000 characters/,
    );
  });

  test('a long text in place of one character', () => {
    const normalizer = replace('b'.repeat(100_000));
    expect(() => open({ normalizer }).encodeBare('a'.repeat(1000))).toThrow(/Replace makes a text of more than/);
    const sign = { type: 'Metaspace', replacement: 'b'.repeat(100_000) };
    expect(() => open({ pre_tokenizer: sign })).toThrow(
      /Metaspace: replacement: got "b+"\.\.\., expected one character$/,
    );
  });

  test('words of no length, and of any', () => {
    const words = (length: number): object => ({ pre_tokenizer: { type: 'FixedLength', length } });
    expect(() => open(words(0))).toThrow(/FixedLength: length: got 0, expected a whole number of at least 1$/);
    expect(open(words(2 ** 40)).encodeBare('a')).toEqual([0]);
    expect(open(words(1)).encodeBare('aa')).toEqual([0, 0]);
  });

  test('a text that no model could take', () => {
    expect(() => open({}).encodeBare('a'.repeat(10_000_001))).toThrow(
      /^t\.json: a text has 10,000,001 characters, expected at most 10,000,000$/,
    );
  });

  test('scores without end', () => {
    const text = '{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}}';
    expect(() => openText(text)).toThrow(/^t\.json: model\.vocab: must map tokens to ids/);
  });

  test('stages in stages', () => {
    // JSON.stringify would run out of stack itself.
    const levels = 5000;
    const stages = `${'{"type":"Sequence","normalizers":['.repeat(levels)}${']}'.repeat(levels)}`;
    const text = `{"normalizer":${stages},"model":{"type":"WordLevel","vocab":{"a":0}}}`;
    expect(() => openText(text)).toThrow(/^t\.json: normalizer: holds stages in stages, expected at most 100 levels$/);
  });
});
