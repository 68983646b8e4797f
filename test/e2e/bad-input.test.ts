import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { fixture } from '../support/fixtures.js';
import { joinFile } from '../support/safetensors-writer.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

const folder = useFolder();
let good: string;
let config: Record<string, unknown>;
let checkpoint: Buffer;
let header: Header;
let data: Uint8Array;

beforeAll(async () => {
  good = await writeRows(folder.path, 'good.jsonl', tinyRows(2));
  config = JSON.parse(await readFile(join(TINY_MODEL, 'config.json'), 'utf8'));
  checkpoint = await readFile(join(TINY_MODEL, 'model.safetensors'));
  const headerBytes = Number(checkpoint.readBigUInt64LE(0));
  header = JSON.parse(checkpoint.toString('utf8', 8, 8 + headerBytes));
  data = checkpoint.subarray(8 + headerBytes);
});

/** Every mistake here is one in a file: found without an adapter, and nothing is written. */
async function expectRefused(model: string, task: string, ...patterns: (RegExp | string)[]): Promise<void> {
  const out = join(folder.path, 'out');
  const result = await runCli(['discover', '--model', model, '--task', task, '--metric', 'logit-diff', '--out', out], {
    env: NO_ADAPTER,
  });
  expectMistake(result, ...patterns);
  expect(existsSync(out)).toBe(false);
}

const garbage = Uint8Array.from({ length: 3000 }, (_, i) => (i * i * 7 + 250) & 255);

describe('a checkpoint', () => {
  const NAME = 'transformer.wte.weight';
  const withHeader = (change: (copy: Header) => void): Uint8Array => {
    const copy = structuredClone(header);
    change(copy);
    return joinFile(JSON.stringify(copy), [data]);
  };
  const withTensor = (change: Partial<Header[string]>): Uint8Array =>
    withHeader((copy) => (copy[NAME] = { ...copy[NAME]!, ...change }));

  test.each<[string, () => Uint8Array, RegExp]>([
    ['shorter than its header length', () => checkpoint.subarray(0, 7), /is 7 bytes long/],
    ['cut inside the header', () => checkpoint.subarray(0, 100), /header length \d+, but only 92 bytes follow/],
    ['cut inside the data', () => checkpoint.subarray(0, checkpoint.length - 8), /tensor \S+: .*outside the \d+ bytes/],
    ['longer than its tensors', () => Buffer.concat([checkpoint, garbage.subarray(0, 2)]), /2 bytes after the last/],
    [
      'with a header length beyond all bounds',
      () => joinFile('{}', [], 2n ** 63n),
      /header length \d+, expected at most/,
    ],
    ['with a header longer than the file', () => joinFile('{}', [data], 10_000_000n), /10000000, but only \d+ bytes/],
    ['of garbage', () => garbage, /header/],
    ['with a header that is no JSON', () => joinFile('{"a":', []), /header.*not valid JSON/],
    ['with an array as header', () => joinFile('[]', []), /header: expected a JSON object/],
    ['with an unknown dtype', () => withTensor({ dtype: 'F99' }), /wte\.weight: unknown dtype "F99"/],
    ['of integers', () => withTensor({ dtype: 'I32' }), /wte\.weight is stored as I32, expected F32/],
    ['of the wrong size', () => withTensor({ dtype: 'F16' }), /wte\.weight: F16 \[67, 30\] takes \d+ bytes/],
    [
      'of the wrong shape',
      () => withTensor({ shape: [30, 67] }),
      /wte\.weight has shape \[30, 67\], expected \[67, 30\]/,
    ],
    ['with a negative size', () => withTensor({ shape: [-67, -30] }), /wte\.weight: shape \[-67, -30\]/],
    ['with offsets outside', () => withTensor({ data_offsets: [0, 1e9] }), /wte\.weight: data_offsets .* lie outside/],
    ['with offsets backwards', () => withTensor({ data_offsets: [8, 0] }), /wte\.weight: data_offsets 8\.\.0/],
    ['with overlapping tensors', () => withTensor({ data_offsets: [0, 8040] }), /overlap/],
    [
      'that lacks a tensor',
      () => withHeader((copy) => ((copy['transformer.other'] = copy[NAME]!), delete copy[NAME])),
      /lacks \d+ tensors? \(.*wte\.weight/,
    ],
  ])('%s', async (_, bytes, message) => {
    const model = join(folder.path, 'checkpoint');
    await mkdir(model, { recursive: true });
    await writeFile(join(model, 'config.json'), JSON.stringify(config));
    await writeFile(join(model, 'model.safetensors'), bytes());
    await expectRefused(model, good, /checkpoint\/model\.safetensors/, message);
  });
});

describe('a config', () => {
  const changed = (change: object) => (): string => JSON.stringify({ ...config, ...change });

  test.each<[string, () => string | Uint8Array, RegExp]>([
    ['that is text', () => 'hello', /not valid JSON at line 1, column 1/],
    ['that is empty', () => '', /is 0 bytes long/],
    ['of garbage', () => garbage, /is not UTF-8 text/],
    ['that is an array', () => '[]', /model_type/],
    ['with a key twice', () => '{"n_layer": 3, "n_layer": 2}', /"n_layer" is there twice/],
    ['with an unknown key', changed({ rope_theta: 1 }), /unknown key "rope_theta"/],
    ['of an unknown family', changed({ model_type: 'mamba' }), /model_type: got "mamba".*gpt2/],
    ['of another head', changed({ architectures: ['GPT2ForTokenClassification'] }), /architectures: got \["GPT2ForT/],
    ['with an unknown activation', changed({ activation_function: 'mish' }), /activation_function: got "mish"/],
    ['without layers', changed({ n_layer: 0 }), /n_layer: got 0/],
    ['with too many layers', changed({ n_layer: 1e9 }), /n_layer: got 1000000000/],
    ['with heads that do not divide the width', changed({ n_head: 7 }), /n_embd: got 30, expected a multiple/],
    ['with a larger vocabulary than the weights', changed({ vocab_size: 100 }), /wte\.weight has shape \[67, 30\]/],
  ])('%s', async (_, text, message) => {
    const model = join(folder.path, 'config');
    await mkdir(model, { recursive: true });
    await writeFile(join(model, 'config.json'), text());
    await writeFile(join(model, 'model.safetensors'), checkpoint);
    await expectRefused(model, good, /config\/(config\.json|model\.safetensors)/, message);
  });
});

describe('a model that is', () => {
  test.each<[string, () => string, RegExp]>([
    ['a file', () => good, /good\.jsonl: is a file, expected the folder of a model/],
    ['an empty folder', () => folder.path, /is a folder without a config\.json/],
    ['nowhere', () => './nowhere', /model '\.\/nowhere': there is no such folder.*hub id/],
  ])('%s', async (_, model, message) => {
    await expectRefused(model(), good, message);
  });

  test('a config without weights', async () => {
    const model = join(folder.path, 'weightless');
    await mkdir(model);
    await writeFile(join(model, 'config.json'), JSON.stringify(config));
    await expectRefused(model, good, /weightless: holds neither model\.safetensors nor/);
  });
});

describe('a task in ids', () => {
  const [row] = tinyRows(1);
  const lines = (...rows: (object | string)[]) =>
    `${rows.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')}\n`;

  test.each<[string, string | Uint8Array, RegExp]>([
    ['that is empty', '', /bad\.jsonl: is empty/],
    ['of blank lines', '\n\n', /bad\.jsonl: is empty/],
    ['of garbage', garbage, /bad\.jsonl: is not UTF-8 text/],
    ['with a malformed line', lines(row!, row!, '{"clean_ids": [1'), /bad\.jsonl, line 3: is not valid JSON/],
    ['with a blank line', lines(row!, '', row!), /line 2: .*blank/],
    ['with an array as a line', lines([1, 2]), /line 1: expected a JSON object/],
    ['of unequal lengths', lines(row!, { ...row, clean_ids: [1, 2] }), /line 2: clean has 2 tokens and corrupted 5/],
    [
      'with an id out of the vocabulary',
      lines({ ...row, clean_ids: [1, 2, 3, 4, 67] }),
      /clean holds token id 67, expected 0 to 66/,
    ],
    ['with an answer out of it', lines({ ...row, correct_ids: [99] }), /correct holds token id 99, expected 0 to 66/],
    ['with a negative id', lines({ ...row, clean_ids: [1, 2, 3, 4, -5] }), /clean_ids\.4: /],
    ['with half an id', lines({ ...row, clean_ids: [1, 2, 3, 4, 1.5] }), /clean_ids\.4: expected an integer/],
    ['with a text as ids', lines({ ...row, clean_ids: '1 2' }), /line 1: clean_ids: /],
    ['with no tokens', lines({ ...row, clean_ids: [] }), /clean_ids: the prompt is empty/],
    [
      'with a prompt that is too long',
      lines({ ...row, clean_ids: Array(17).fill(1), corrupted_ids: Array(17).fill(2) }),
      /line 1: the prompt has 17 tokens, the model takes at most 16/,
    ],
    [
      'with a position behind the prompt',
      lines({ ...row, position: 5 }),
      /position 5 is outside the prompt of 5 tokens/,
    ],
    ['with a position before it', lines({ ...row, position: -6 }), /position -6 is outside/],
    ['without answers', lines({ ...row, wrong_ids: undefined }), /line 1: wrong \(or wrong_ids\) is missing/],
    ['without corrupted prompts', lines({ clean_ids: [1] }), /line 1: corrupted or corrupted_ids is missing/],
    ['with an answer that is right and wrong', lines({ ...row, wrong_ids: row!.correct_ids }), /more than once/],
    ['in text', lines({ clean: 'a', corrupted: 'b' }), /clean is text, but the model has no tokenizer\.json/],
  ])('%s', async (_, contents, message) => {
    const task = join(folder.path, 'bad.jsonl');
    await writeFile(task, contents);
    await expectRefused(TINY_MODEL, task, /bad\.jsonl/, message);
  });

  test.each<[string, string, RegExp]>([
    ['bad.json', '{"templates": ', /bad\.json: is not valid JSON/],
    ['bad.json', '{"templates": 3}', /bad\.json/],
  ])('a template file: %s %s', async (name, contents, message) => {
    const task = join(folder.path, name);
    await writeFile(task, contents);
    await expectRefused(TINY_MODEL, task, message);
  });

  test.each<[string, () => string, RegExp]>([
    ['a folder', () => folder.path, /is a folder, expected a file/],
    ['missing', () => join(folder.path, 'no.jsonl'), /no\.jsonl: there is no such file/],
    ['an unknown name', () => 'chess', /task 'chess': is neither a file nor a shipped task \(ioi/],
  ])('%s', async (_, task, message) => {
    await expectRefused(TINY_MODEL, task(), message);
  });
});

describe('a task in text', () => {
  const row = {
    clean: 'at noon yvonne saw aaron',
    corrupted: 'at noon wendy saw laura',
    correct: 'aaron',
    wrong: 'yvonne',
  };

  test.each<[string, object, RegExp]>([
    ['with an answer of two tokens', { correct: 'at noon' }, /answer "at noon" is 2 tokens .*exactly one/],
    [
      'with an unknown word',
      { clean: 'at noon qwerty saw aaron' },
      /line 1, clean: the tokenizer has no token for " qwerty"/,
    ],
    ['with an unknown answer', { wrong: ['yvonne', 'Qwerty'] }, /line 1, wrong: answer "Qwerty" has no token/],
    ['with an empty prompt', { clean: '' }, /line 1, clean: the prompt is empty/],
    ['of unequal lengths', { clean: 'at noon yvonne saw' }, /clean has 5 tokens and corrupted 6/],
    ['with control characters', { clean: 'at \u001b[31m noon' }, /no token for " \\u001b\[31m"/],
  ])('%s', async (_, change, message) => {
    const task = await writeRows(folder.path, 'text.jsonl', [{ ...row, ...change }]);
    await expectRefused(fixture('share4l'), task, /text\.jsonl, line 1/, message);
  });

  test('with an answer that is one token after a space: the message says so', async () => {
    const model = join(folder.path, 'spaced');
    await mkdir(model);
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
    // Byte-level BPE spells a leading space as this letter.
    const vocab = { '\u0120': 0, M: 1, a: 2, '\u0120M': 3, '\u0120Ma': 4 };
    const bpe = { type: 'BPE', vocab, merges: ['\u0120 M', '\u0120M a'], unk_token: null, dropout: null };
    const tokenizer = {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: bpe,
    };
    await writeFile(join(model, 'tokenizer.json'), JSON.stringify(tokenizer));
    await writeFile(join(model, 'config.json'), JSON.stringify({ ...config, bos_token_id: null }));
    await writeFile(join(model, 'model.safetensors'), checkpoint);
    const task = await writeRows(folder.path, 'spaced.jsonl', [
      { clean: 'a', corrupted: 'M', correct: 'Ma', wrong: 'a' },
    ]);
    await expectRefused(model, task, /answer "Ma" is 2 tokens .*; with a leading space, " Ma", it is one/);
  });
});
