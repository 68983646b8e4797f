/** What `--bos auto` puts before the texts of a model, by its family and the files of its tokenizer. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { BosMode } from '../../../../src/task/tokenizer.js';
import { memoryDirectory } from '../../../../src/checkpoint/byte-source.js';
import { taskReader } from '../../../../src/run/task-reader.js';

const golden = fileURLToPath(new URL('../../../golden/tokenizers/', import.meta.url));

interface Found {
  readonly ids: readonly number[];
  readonly notes: readonly string[];
  /** Of the text `the`, or why it is refused. */
  readonly prompt: readonly number[] | string;
}

interface Folder {
  readonly family: string;
  /** A file of test/golden/tokenizers. */
  readonly tokenizer: string;
  readonly bosTokenId: number | null;
  /** tokenizer_config.json. */
  readonly config?: object;
  readonly bos?: BosMode;
  /** What the tokenizer's own file puts before texts is taken away. */
  readonly bare?: boolean;
}

async function open({ family, tokenizer, bosTokenId, config, bos = 'auto', bare = false }: Folder): Promise<Found> {
  const json = JSON.parse(readFileSync(golden + tokenizer, 'utf8')) as Record<string, unknown>;
  const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const files = new Map([
    ['tokenizer.json', bytes(bare ? { ...json, post_processor: null } : json)],
    ...(config ? [['tokenizer_config.json', bytes(config)] as const] : []),
  ]);
  const spec = { family, bosTokenId, vocab: 100_000, maxPositions: 64 };
  const { tokenizer: opened, refused } = await taskReader(memoryDirectory('m', files), spec, bos);
  if (refused || !opened) throw refused ?? new Error('no tokenizer');
  const encoder = opened as typeof opened & { encodePrompt(text: string, where: string): number[] };
  let prompt: Found['prompt'];
  try {
    prompt = encoder.encodePrompt('the', 'x');
  } catch (error) {
    prompt = (error as Error).message;
  }
  return { ids: opened.beginning.ids, notes: opened.notes, prompt };
}

const neox = { family: 'gpt_neox', tokenizer: 'neox-blank-runs.json', bosTokenId: 0 };
const qwen = { family: 'qwen2', tokenizer: 'qwen2.json', bosTokenId: idOf('qwen2.json', '<|endoftext|>') };
const llama3 = { family: 'llama', tokenizer: 'llama3-ignore-merges.json', bosTokenId: null };
const llama2 = { family: 'llama', tokenizer: 'llama2-byte-fallback.json', bosTokenId: 1 };
const mistral = { family: 'mistral', tokenizer: 'mistral-metaspace-first.json', bosTokenId: 1 };
const gemma = { family: 'gemma2', tokenizer: 'gemma-newline-runs.json', bosTokenId: 2 };
const smol = { family: 'llama', tokenizer: 'smollm2-digits.json', bosTokenId: 0 };
const phi3 = { family: 'phi3', tokenizer: 'phi3-strip-right.json', bosTokenId: 1 };
const gpt2 = { family: 'gpt2', tokenizer: 'gpt2.json', bosTokenId: idOf('gpt2.json', '<|endoftext|>') };

function idOf(tokenizer: string, token: string): number {
  const { added_tokens: added } = JSON.parse(readFileSync(golden + tokenizer, 'utf8')) as {
    readonly added_tokens: readonly { readonly content: string; readonly id: number }[];
  };
  return added.find(({ content }) => content === token)!.id;
}

describe('auto', () => {
  test.each<[string, Folder, readonly number[]]>([
    ['Pythia: none', neox, []],
    ['Pythia: none by its class', { ...neox, config: { tokenizer_class: 'GPTNeoXTokenizer' } }, []],
    ['Pythia whose files ask for it', { ...neox, config: { add_bos_token: true } }, [0]],
    ['Qwen: none', { ...qwen, config: { add_bos_token: false, bos_token: null } }, []],
    ['Qwen 3: none', { ...qwen, family: 'qwen3', config: { tokenizer_class: 'Qwen2Tokenizer' } }, []],
    ['Llama 3: by its post-processor', llama3, [idOf('llama3-ignore-merges.json', '<|begin_of_text|>')]],
    ['Llama 2: by its post-processor', llama2, [1]],
    ['Llama 2 without one: by its class', { ...llama2, bare: true }, [1]],
    ['the same, named', { ...llama2, bare: true, config: { tokenizer_class: 'LlamaTokenizerFast' } }, [1]],
    ['Mistral', mistral, [1]],
    ['Gemma', gemma, [2]],
    ['Gemma without a post-processor', { ...gemma, bare: true }, [2]],
    ['Gemma 3', { ...gemma, family: 'gemma3_text', tokenizer: 'gemma3-no-dummy-prefix.json' }, [2]],
    ['SmolLM2: none by its class', { ...smol, config: { tokenizer_class: 'GPT2Tokenizer' } }, []],
    ['Phi 3: none', { ...phi3, config: { add_bos_token: false, tokenizer_class: 'LlamaTokenizer' } }, []],
    ['OLMo 2: none', { ...gpt2, family: 'olmo2' }, []],
    ['Phi 2: none', { ...gpt2, family: 'phi' }, []],
    ['GPT-2: by the config', gpt2, [gpt2.bosTokenId]],
    ['GPT-2, whatever its class', { ...gpt2, config: { tokenizer_class: 'GPT2Tokenizer' } }, [gpt2.bosTokenId]],
    ['GPT-Neo: by the config', { ...gpt2, family: 'gpt_neo' }, [gpt2.bosTokenId]],
  ])('%s', async (_, folder, ids) => {
    const found = await open(folder);
    expect(found.ids).toEqual(ids);
    expect(found.prompt.slice(0, ids.length)).toEqual(ids);
    const bare = await open({ ...folder, bos: 'no' });
    expect(found.prompt).toEqual([...ids, ...(bare.prompt as number[])]);
  });

  test('that the token of the config is left out is told, unless a file says so', async () => {
    const said =
      'config.json names 0 ("<|endoftext|>") as the beginning of a text, tokenizer.json does not put it there: nothing ' +
      'is put in front of texts (--bos no, --bos 0 or --bos "<|endoftext|>" says otherwise)';
    expect((await open(neox)).notes).toEqual([said]);
    expect((await open({ ...neox, config: { add_bos_token: false } })).notes).toEqual([]);
  });

  test('a tokenizer that puts a token which its config does not want', async () => {
    const found = await open({ ...llama2, config: { add_bos_token: false } });
    expect(found.ids).toEqual([1]);
    expect(found.notes).toEqual([
      'tokenizer_config.json has add_bos_token false, tokenizer.json puts 1 ("<s>") there: 1 ("<s>") is used (--bos no ' +
        'says otherwise)',
    ]);
  });
});

test.each<[BosMode, readonly number[]]>([
  ['yes', [0]],
  ['no', []],
  [1, [1]],
])('--bos %s of Pythia', async (bos, ids) => {
  expect((await open({ ...neox, bos })).ids).toEqual(ids);
});

test('the tokenizer of another model is told, and a text with an id of its own refused', async () => {
  const json = readFileSync(`${golden}gpt2.json`);
  const spec = { family: 'llama', bosTokenId: null, vocab: 60, maxPositions: 64 };
  const reader = await taskReader(memoryDirectory('m', new Map([['tokenizer.json', json]])), spec, 'auto');
  expect(reader.tokenizer!.notes[0]).toMatch(
    /^m\/tokenizer.json: \d+ of \d+ tokens have ids that the model's vocabulary of 60 entries does not have; it may be the/,
  );
  const bytes = new TextEncoder().encode('{"clean":"the é","corrupted":"the è"}\n');
  await expect(reader.read({ name: 'task.jsonl', source: 'task.jsonl', bytes })).rejects.toThrow(
    /token ".*" has id \d+, but the model's vocabulary has 60 entries/,
  );
});
