import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { openModelTokenizer } from '../../../src/task/open-tokenizer.js';
import type { TaskTokenizer } from '../../../src/task/tokenizer.js';
import { withoutTokenizer } from '../../../src/task/tokenizer-files.js';

const golden = fileURLToPath(new URL('../../golden/', import.meta.url));
const gpt2 = JSON.parse(readFileSync(`${golden}tokenizers/gpt2.json`, 'utf8')) as {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly [string, string][] };
};
const texts = JSON.parse(readFileSync(`${golden}tokenizer-references/texts.json`, 'utf8')) as string[];
const references = JSON.parse(readFileSync(`${golden}tokenizer-references/ids.json`, 'utf8')) as Record<
  string,
  { readonly ids: readonly (readonly number[])[] }
>;

type Files = Readonly<Record<string, string | object>>;

function open(files: Files, options: { bosTokenId?: number } = {}): Promise<TaskTokenizer | null> {
  const read = async (name: string): Promise<{ text: string; where: string } | null> => {
    const value = files[name];
    if (value === undefined) return null;
    return { text: typeof value === 'string' ? value : JSON.stringify(value), where: `m/${name}` };
  };
  return openModelTokenizer(read, { bosTokenId: null, bos: 'auto', vocab: 1000, ...options });
}

const special = '<|endoftext|>';
const vocab: Record<string, number> = { ...gpt2.model.vocab };
delete vocab[special];
const merges = gpt2.model.merges.map((pair) => pair.join(' '));
const files = { 'vocab.json': vocab, 'merges.txt': `#version: 0.2\n${merges.join('\n')}\n` };
/** The same with the special token as the vocabulary's last. */
const whole = { ...files, 'vocab.json': { ...vocab, [special]: Object.keys(vocab).length } };

describe('vocab.json with merges.txt', () => {
  it('gives the ids of the tokenizer.json that was made of them', async () => {
    const tokenizer = await open(whole);
    const expected = references['gpt2.json']?.ids ?? [];
    expect(texts.map((text) => tokenizer?.encodeBare(text))).toEqual(expected);
    expect(tokenizer?.description).toMatch(/^vocab\.json, BPE of \d+ tokens$/);
  });

  it.each([
    ['Windows line ends', merges.join('\r\n')],
    ['no version and no last line end', merges.join('\n')],
    ['empty lines at the end', `#version: 0.2\n${merges.join('\n')}\n\n\n`],
  ])('with %s', async (_, text) => {
    const tokenizer = await open({ ...whole, 'merges.txt': text });
    expect(tokenizer?.encodeBare('the store')).toEqual((await open(whole))?.encodeBare('the store'));
  });

  it('need not hold all bytes', async () => {
    const small = { 'vocab.json': { a: 0, Ġ: 1, Ġa: 2 }, 'merges.txt': 'Ġ a' };
    const tokenizer = await open(small);
    expect(tokenizer?.encodeBare('a a')).toEqual([0, 2]);
    expect(() => tokenizer?.encodePrompt('a b', 'here')).toThrow('here: the tokenizer has no token for " b"');
  });

  it('is left aside beside a tokenizer.json', async () => {
    const json = { model: { type: 'WordLevel', vocab: { a: 7 } } };
    expect((await open({ ...whole, 'tokenizer.json': json }))?.encodeBare('a')).toEqual([7]);
  });

  it('takes special tokens of the vocabulary, of the side files, and by their ids of added_tokens.json', async () => {
    const n = Object.keys(vocab).length;
    expect((await open(whole))?.encodeBare(`a${special}`)).toEqual([vocab['a'], n]);
    const named = { ...files, 'special_tokens_map.json': { bos_token: { content: '<s>' }, pad_token: '<p>' } };
    expect((await open(named, { bosTokenId: n }))?.encodePrompt('a<p>', 'x')).toEqual([n, vocab['a'], n + 1]);
    const added = {
      ...files,
      'added_tokens.json': { '<q>': n + 1, '<p>': n },
      'tokenizer_config.json': { eos_token: '<q>' },
    };
    expect((await open(added))?.encodeBare('<p><q>')).toEqual([n, n + 1]);
  });

  it('takes add_prefix_space of tokenizer_config.json', async () => {
    const tokenizer = await open({ ...whole, 'tokenizer_config.json': { add_prefix_space: true } });
    expect(tokenizer?.encodeBare('the')).toEqual((await open(whole))?.encodeBare(' the'));
    expect(tokenizer?.notes).toEqual([]);
  });

  it('has a hash of all that its ids depend on', async () => {
    const hashes = [
      whole,
      files,
      { ...whole, 'merges.txt': merges.slice(1).join('\n') },
      { ...whole, 'special_tokens_map.json': { eos_token: '<e>' } },
    ].map(async (some) => (await open(some))?.identity.hash);
    expect(new Set(await Promise.all(hashes)).size).toBe(4);
  });

  it.each<[string, Files, string | RegExp]>([
    [
      'a merge of three',
      { ...files, 'merges.txt': 'a b\na b c\n' },
      'm/merges.txt: line 2 is "a b c", expected two tokens',
    ],
    ['an empty line', { ...files, 'merges.txt': '#version: 0.2\n\nt h\n' }, 'm/merges.txt: line 2 is ""'],
    ['a merge of characters that are no bytes', { ...files, 'merges.txt': '今 天' }, 'm/merges.txt: line 1 is "今 天"'],
    [
      'a merge of nothing in the vocabulary',
      { ...files, 'merges.txt': 'Q Q' },
      'm/merges.txt: line 1 is "Q Q", but vocab.json has no "QQ"',
    ],
    [
      'ends of words',
      { ...files, 'vocab.json': { ...vocab, 'the</w>': 999 } },
      'm/vocab.json: holds "the</w>": a vocabulary with ends',
    ],
    [
      'another class',
      { ...files, 'tokenizer_config.json': { tokenizer_class: 'Qwen2Tokenizer' } },
      'm/tokenizer_config.json: tokenizer_class Qwen2Tokenizer',
    ],
    ['no JSON', { ...files, 'vocab.json': '{' }, 'm/vocab.json: is not valid JSON'],
    ['ids that are none', { ...files, 'vocab.json': { a: 'b' } }, 'm/vocab.json: "a": got "b", expected an id'],
    [
      'added ids that are none',
      { ...files, 'added_tokens.json': { '<p>': 'x' } },
      'm/added_tokens.json: "<p>": got "x", expected an id',
    ],
    [
      'an added id of something else',
      { ...files, 'added_tokens.json': { '<p>': 3 } },
      /"<p>" has id 3, expected another id/,
    ],
  ])('%s is refused by name', async (_, some, message) => {
    await expect(open(some)).rejects.toThrow(message);
  });
});

describe('a folder without a tokenizer', () => {
  const told = (...names: string[]): Promise<string> => withoutTokenizer(async (name) => names.includes(name));

  it('has none', async () => {
    expect(await open({})).toBeNull();
    expect(await open({ 'vocab.json': vocab })).toBeNull();
    expect(await open({ 'merges.txt': '' })).toBeNull();
  });

  it('is described by what it has', async () => {
    expect(await told('config.json')).toBe('has no tokenizer.json, and no vocab.json with merges.txt');
    expect(await told('vocab.txt')).toMatch(
      /merges\.txt, only vocab\.txt \(a WordPiece vocabulary\); the transformers library/,
    );
    expect(await told('spiece.model')).toContain('only spiece.model (a SentencePiece model)');
    expect(await told('tokenizer.model')).toContain('only tokenizer.model (a SentencePiece model)');
    expect(await told('vocab.json')).toContain('only vocab.json (of no use without merges.txt)');
    expect(await told('encoder.json', 'vocab.bpe')).toContain(
      'encoder.json (vocab.json under its oldest name), vocab.bpe',
    );
  });
});
