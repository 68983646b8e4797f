import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { memoryDirectory, memorySource } from '../../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader, type TensorRecord } from '../../../src/checkpoint/safetensors.js';
import { openModel } from '../../../src/model/load-model.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';
import { writeSafetensors, type TensorToWrite } from '../../support/safetensors-writer.js';

type Tensors = Record<string, TensorToWrite>;

const config = await fixtureJson<Record<string, unknown>>('families/gpt2/config.json');
const original = await tensorsOf('families/gpt2/model.safetensors');

async function tensorsOf(path: string): Promise<Tensors> {
  const bytes = await readFile(fixture(path));
  const records: TensorRecord[] = [...(await readSafetensorsHeader(memorySource(path, bytes))).values()];
  return Object.fromEntries(
    records.map(({ name, type, shape, offset, bytes: size }) => [
      name,
      { dtype: type, shape, bytes: new Uint8Array(bytes.subarray(offset, offset + size)) },
    ]),
  );
}

function open(tensors: Tensors, configChanges: Record<string, unknown> = {}) {
  const files = new Map([
    ['config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...configChanges }))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
  return openModel(memoryDirectory('m', files));
}

const without = (name: string): Tensors => Object.fromEntries(Object.entries(original).filter(([key]) => key !== name));
const wte = original['transformer.wte.weight']!;
const otherWte: TensorToWrite = { ...wte, bytes: wte.bytes.map((byte, i) => (i === 2 ? byte ^ 1 : byte)) };

describe('weights under their neutral names', () => {
  test('every tensor of the table has its shape', async () => {
    const model = await openModel(await openModelDirectory(fixture('families/gpt2')));
    for (const [name, shape] of weightTable(model.spec)) {
      expect([name, (await model.weights.read(name)).length]).toEqual([name, shape.reduce((a, b) => a * b, 1)]);
    }
    expect(model.spec.tied).toBe(true);
    expect(weightTable(model.spec).has('unembed')).toBe(false);
    await expect(model.weights.read('unembed')).rejects.toThrow('the model has no tensor unembed');
  });

  test('q, k and v are the columns of c_attn', async () => {
    const model = await open(original);
    const fused = new Float32Array(original['transformer.h.1.attn.c_attn.weight']!.bytes.buffer);
    const bias = new Float32Array(original['transformer.h.1.attn.c_attn.bias']!.bytes.buffer);
    for (const [i, branch] of (['q', 'k', 'v'] as const).entries()) {
      const w = await model.weights.read(`layers.1.w${branch}`);
      const expected = Array.from({ length: 900 }, (_, at) => fused[Math.floor(at / 30) * 90 + i * 30 + (at % 30)]);
      expect([...w]).toEqual(expected);
      expect([...(await model.weights.read(`layers.1.b${branch}`))]).toEqual([...bias.subarray(i * 30, i * 30 + 30)]);
    }
  });

  test('names without prefix, and causal-mask buffers with it or not, give the same model', async () => {
    const bare = Object.fromEntries(Object.entries(original).map(([name, t]) => [name.replace('transformer.', ''), t]));
    const mask: TensorToWrite = { dtype: 'BOOL', shape: [1, 1, 2, 2], bytes: Uint8Array.of(1, 0, 1, 1) };
    const models = [
      await open(original),
      await open({ ...bare, 'h.0.attn.bias': mask }),
      await open({ ...original, 'transformer.h.2.attn.bias': mask, 'transformer.h.2.attn.masked_bias': mask }),
    ];
    for (const name of weightTable(models[0]!.spec).keys()) {
      const values = await Promise.all(models.map((model) => model.weights.read(name)));
      expect([name, values[1], values[2]]).toEqual([name, values[0], values[0]]);
    }
  });
});

describe('tied and untied', () => {
  test('an unembedding of its own is used as it is', async () => {
    for (const changes of [{}, { tie_word_embeddings: false }]) {
      const model = await open({ ...original, 'lm_head.weight': otherWte }, changes);
      expect(model.spec.tied).toBe(false);
      expect([...(await model.weights.read('unembed'))]).toEqual([...new Float32Array(otherWte.bytes.buffer)]);
    }
  });

  test('one that equals the embedding means tied', async () => {
    for (const changes of [{}, { tie_word_embeddings: true }]) {
      expect((await open({ ...original, 'lm_head.weight': wte }, changes)).spec.tied).toBe(true);
    }
  });

  test('contradictions between config and file are refused', async () => {
    await expect(open({ ...original, 'lm_head.weight': otherWte }, { tie_word_embeddings: true })).rejects.toThrow(
      'lm_head.weight differs from the embedding, but tie_word_embeddings is true',
    );
    await expect(open(original, { tie_word_embeddings: false })).rejects.toThrow(
      'lacks lm_head.weight, but tie_word_embeddings is false',
    );
  });
});

describe('attention-only', () => {
  const kept = (drop: RegExp): Tensors =>
    Object.fromEntries(Object.entries(original).filter(([name]) => !drop.test(name)));
  const withoutMlps = kept(/\.(mlp|ln_2)\./);

  test.each([[{}], [{ n_inner: 0 }], [{ n_inner: null }]])(
    'a folder without MLPs and their norms; config %j',
    async (changes) => {
      const model = await open(withoutMlps, changes);
      expect(model.spec).toMatchObject({ mlp: null, mlpWidth: 0 });
      const names = [...weightTable(model.spec).keys()];
      expect(names.filter((name) => /norm2|win|wout|bin|bout/.test(name))).toEqual([]);
      for (const name of names) await model.weights.read(name);
    },
  );

  test.each<[string, Tensors, Record<string, unknown>, string]>([
    [
      'layers that differ',
      kept(/h\.1\.(mlp|ln_2)\./),
      {},
      'layers 1 have no MLP, layers 0, 2 have one: layers that differ are not supported',
    ],
    ['a norm without its MLP', kept(/\.mlp\./), {}, 'holds 6 tensors (transformer.h.0.ln_2.bias, '],
    ['MLPs that the config denies', original, { n_inner: 0 }, 'holds 18 tensors (transformer.h.0.ln_2.bias, '],
    ['part of an MLP', kept(/h\.1\.mlp\.c_fc\./), {}, 'lacks 2 tensors (transformer.h.1.mlp.c_fc.weight, '],
    ['no norm at all', kept(/\.(mlp|ln_2|ln_1)\./), {}, 'lacks 6 tensors (transformer.h.0.ln_1.weight, '],
    ['no final norm', kept(/\.(mlp|ln_2|ln_f)\./), {}, 'lacks 2 tensors (transformer.ln_f.weight, '],
  ])('%s: refused by name', async (_, tensors, changes, message) => {
    await expect(open(tensors, changes)).rejects.toThrow(message);
  });
});

describe('a model that does not fit its config', () => {
  const extra = (name: string): Tensors => ({ ...original, [name]: wte });
  test.each<[string, Tensors, Record<string, unknown>, string]>([
    ['one tensor missing', without('transformer.h.1.ln_2.bias'), {}, 'lacks 1 tensor (transformer.h.1.ln_2.bias)'],
    ['a layer missing', original, { n_layer: 4 }, 'lacks 12 tensors (transformer.h.3.ln_1.weight, '],
    ['nothing there', {}, {}, 'lacks 40 tensors (wte.weight, wpe.weight, h.0.ln_1.weight, h.0.ln_1.bias and 36 more)'],
    ['a layer too many', original, { n_layer: 2 }, 'holds 12 tensors (transformer.h.2.attn.c_attn.bias, '],
    [
      'other vocabulary',
      original,
      { vocab_size: 68 },
      'tensor transformer.wte.weight has shape [67, 30], expected [68, 30]',
    ],
    [
      'other rank',
      { ...original, 'transformer.ln_f.bias': { ...original['transformer.ln_f.bias']!, shape: [1, 30] } },
      {},
      'tensor transformer.ln_f.bias has shape [1, 30], expected [30]',
    ],
    [
      'other width of the MLP',
      original,
      { n_inner: 60 },
      'tensor transformer.h.0.mlp.c_fc.weight has shape [30, 120], expected [30, 60] by config.json',
    ],
    [
      'an adapter',
      extra('transformer.h.0.attn.lora_A'),
      {},
      'holds 1 tensor (transformer.h.0.attn.lora_A) that a gpt2 model does not have',
    ],
    ['a second copy without prefix', extra('wte.weight'), {}, 'holds 1 tensor (wte.weight) that'],
    [
      'a double',
      { ...original, 'transformer.wpe.weight': { dtype: 'F64', shape: [16, 30], bytes: new Uint8Array(3840) } },
      {},
      'tensor transformer.wpe.weight is stored as F64, expected F32, F16, BF16',
    ],
  ])('%s', async (_, tensors, changes, message) => {
    const failure = await open(tensors, changes).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: 'EdgewiseError', kind: 'checkpoint' });
    expect((failure as Error).message).toContain(`m/model.safetensors: ${message}`);
  });

  test('no config.json', async () => {
    await expect(openModel(memoryDirectory('m', new Map()))).rejects.toThrow('m: holds no config.json');
  });

  test('config.json that is no JSON', async () => {
    const files = new Map([['config.json', new TextEncoder().encode('{"n_layer": 3,}')]]);
    await expect(openModel(memoryDirectory('m', files))).rejects.toThrow(
      'm/config.json: not valid JSON at line 1, column 15',
    );
  });
});

test('the hash tells models apart and is stable', async () => {
  const hash = (await open(original)).hash;
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect((await open(original)).hash).toBe(hash);
  const changed = { ...original, 'transformer.wte.weight': otherWte };
  expect((await open(changed)).hash).not.toBe(hash);
  expect((await open(original, { layer_norm_epsilon: 2e-5 })).hash).not.toBe(hash);
});
