/** Checkpoints of every family but GPT-2: what each of their tensors is, and what is told of one that does not fit. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openModel } from '../../../src/model/load-model.js';
import { weightTable, type TensorName } from '../../../src/model/weight-table.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { fixture } from '../../support/fixtures.js';
import { SIZES, WRITTEN, multimodal, numbers, openWritten, shapesOf } from '../../support/written-checkpoints.js';

describe.each(Object.entries(WRITTEN))('%s', (_, written) => {
  const shapes = shapesOf(written);

  test('every tensor is read, in its shape, and each but the fused ones from one place alone', async () => {
    const model = await openWritten(written.config, shapes);
    expect(model.spec.tied).toBe(written.tied ?? false);
    const seen = new Set<number>();
    let read = 0;
    for (const [name, shape] of weightTable(model.spec)) {
      const values = await model.weights.read(name);
      expect(values.length, name).toBe(shape.reduce((product, n) => product * n, 1));
      for (const value of values) seen.add(value);
      read += values.length;
    }
    const beside = Object.keys(written.beside ?? {});
    const weights = Object.keys(shapes).filter((name) => !beside.includes(name));
    // All numbers of the checkpoint's weights are told apart: none is left out, none is read twice.
    expect(seen).toEqual(new Set(weights.flatMap((name) => [...numbers(shapes, name)])));
    expect(read).toBe(seen.size);
  });

  test('any tensor that is missing, or has another shape, is named', async () => {
    for (const name of Object.keys(shapes)) {
      if (Object.hasOwn(written.beside ?? {}, name) || /^(lm_head|embed_out)\.weight$/.test(name)) continue;
      const rest = Object.fromEntries(Object.entries(shapes).filter(([other]) => other !== name));
      await expect(openWritten(written.config, rest), name).rejects.toThrow(/^m\/model.safetensors: lacks \d+ tensor/);
      await expect(openWritten(written.config, { ...shapes, [name]: [3] }), name).rejects.toThrow(
        `m/model.safetensors: tensor ${name} has shape [3], expected [`,
      );
    }
  });

  test('a tensor that no such model has is named', async () => {
    const odd = `${written.layers}.1.self_attn.q_proj.lora_A`;
    await expect(openWritten(written.config, { ...shapes, [odd]: [2] })).rejects.toThrow(
      `holds 1 tensor (${odd}) that a `,
    );
  });
});

describe('what becomes of the parts of a tensor', () => {
  const [d, dh, F] = [8, 2, 6];

  /** Of the checkpoint `name`: tensor `stored` of layer 1, and tensor `read` of the model. */
  async function both(name: string, stored: string, read: TensorName): Promise<[Float32Array, number[]]> {
    const written = WRITTEN[name]!;
    const shapes = shapesOf(written);
    const model = await openWritten(written.config, shapes);
    return [numbers(shapes, `${written.layers}.1.${stored}`), [...(await model.weights.read(read))]];
  }

  /** [in, out] of some rows of [out, in]. */
  const transposed = (stored: Float32Array, rows: readonly number[]): number[] =>
    Array.from({ length: d }, (_, column) => rows.map((row) => stored[row * d + column]!)).flat();
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

  test.each(['q', 'k', 'v'] as const)('NeoX: %s of each head follow one another', async (branch) => {
    const first = 'qkv'.indexOf(branch) * dh;
    const [stored, read] = await both(
      'gpt_neox without biases of attention',
      'attention.query_key_value.weight',
      `layers.1.w${branch}`,
    );
    const rows = [0, 1, 2, 3].flatMap((head) => range(head * 3 * dh + first, dh));
    expect(read).toEqual(transposed(stored, rows));
  });

  test.each([
    ['wq', 'self_attn.qkv_proj.weight', range(0, 8)],
    ['wk', 'self_attn.qkv_proj.weight', range(8, 4)],
    ['wv', 'self_attn.qkv_proj.weight', range(12, 4)],
    ['wgate', 'mlp.gate_up_proj.weight', range(0, F)],
    ['win', 'mlp.gate_up_proj.weight', range(F, F)],
  ] as const)('Phi 3: %s', async (tensor, name, rows) => {
    const [stored, read] = await both('phi3', name, `layers.1.${tensor}`);
    expect(read).toEqual(transposed(stored, rows));
  });

  test.each([
    ['gemma2', 'input_layernorm', 'norm1'],
    ['gemma2', 'post_attention_layernorm', 'postnorm1'],
    ['gemma2', 'pre_feedforward_layernorm', 'norm2'],
    ['gemma2', 'post_feedforward_layernorm', 'postnorm2'],
    ['olmo2', 'post_attention_layernorm', 'postnorm1'],
    ['olmo2', 'post_feedforward_layernorm', 'postnorm2'],
    ['SmolLM2', 'post_attention_layernorm', 'norm2'],
  ] as const)('%s: %s is %s', async (name, norm, neutral) => {
    const [stored, read] = await both(name, `${norm}.weight`, `layers.1.${neutral}.gain`);
    expect(read).toEqual([...stored]);
  });
});

describe('GPT-Neo', () => {
  const written = WRITTEN['gpt_neo']!;
  const shapes = shapesOf(written);

  test('its description', async () => {
    expect((await openWritten(written.config, shapes)).spec).toMatchObject({
      layers: 2,
      heads: 4,
      kvHeads: 4,
      width: 8,
      headWidth: 2,
      mlpWidth: 32,
      block: 'sequential',
      positions: { kind: 'learned' },
      norm: {
        kind: 'layer',
        epsilon: 1e-5,
        onePlusGain: false,
      },
      attention: {
        scale: [1, 1],
        window: [null, 3],
        biases: {
          qkv: false,
          out: true,
        },
      },
      mlp: {
        kind: 'plain',
        activation: 'gelu-tanh',
        biases: true,
      },
    });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ attention_layers: ['local', 'local'] }, 'attention_layers: got ["local", "local"], expected the same as'],
    [
      { attention_types: [[['global'], 1]] },
      'attention_types: got an array, expected pairs [[kinds], times] of kinds global or local, for 2',
    ],
    [{ attention_types: [[['global'], 1e9]] }, 'attention_types: got an array, expected pairs'],
    [{ attention_types: 'global' }, 'attention_types: got "global", expected pairs'],
    [
      { attention_types: null, attention_layers: ['global', 'sliding'] },
      'attention_layers: got ["global", "sliding"],',
    ],
    [{ attention_types: null, attention_layers: null }, 'attention_types: got null, expected pairs'],
    [{ window_size: 0 }, 'window_size: got 0, expected an integer from 1'],
  ])('%j is refused', async (changes, message) => {
    await expect(openWritten({ ...written.config, ...changes }, shapes)).rejects.toThrow(`m/config.json: ${message}`);
  });

  test('either wording alone says which layers are local', async () => {
    for (const key of ['attention_types', 'attention_layers']) {
      const { spec } = await openWritten({ ...written.config, [key]: null }, shapes);
      expect(spec.attention.window).toEqual([null, 3]);
    }
  });
});

test('a Gemma of exact gelu says so, for others take it for the tanh form', async () => {
  const { layer, outer } = WRITTEN['SmolLM2']!;
  const shapes = shapesOf({ config: {}, layer, outer, layers: 'model.layers' });
  const config = { ...SIZES, model_type: 'gemma', head_dim: 2 };
  expect((await openWritten({ ...config, hidden_act: 'gelu' }, shapes)).remarks).toEqual([
    expect.stringMatching(/^its config says "gelu": the exact one is computed/),
  ]);
  expect((await openWritten({ ...config, hidden_act: 'gelu_pytorch_tanh' }, shapes)).remarks).toEqual([]);
});

describe('Gemma 3 of several media', () => {
  const written = WRITTEN['gemma3, newer names']!;
  const shapes = shapesOf(written);
  const withText = (text: unknown): Record<string, unknown> => ({ ...written.config, text_config: text });

  test('is its text model', async () => {
    const { spec } = await openWritten(written.config, shapes);
    expect(spec).toMatchObject({ family: 'gemma3_text', width: 8, tied: false, bosTokenId: 1, postNorms: true });
  });

  test.each<[Record<string, unknown>, string]>([
    [withText(undefined), 'm/config.json: text_config: got nothing, expected an object'],
    [withText({ model_type: 'gemma2' }), 'm/config.json: text_config: model_type: got "gemma2"'],
    [multimodal({ rope_thing: 1 }), 'm/config.json: text_config: unknown key "rope_thing"'],
    [{ ...written.config, audio_config: {} }, 'm/config.json: unknown key "audio_config"'],
    [{ ...written.config, tie_word_embeddings: true }, 'tie_word_embeddings: got true, expected the same as the text'],
  ])('%j is refused', async (config, message) => {
    await expect(openWritten(config, shapes)).rejects.toThrow(message);
  });

  test('what only encoders of images have is no text model', async () => {
    const odd = { ...shapes, 'model.vision_towel.x': [1] };
    await expect(openWritten(written.config, odd)).rejects.toThrow('holds 1 tensor (model.vision_towel.x) that');
  });
});

/** Every folder of the reference data; those of GPT-2 are committed. */
const FOLDERS = [
  'gemma',
  'gemma2',
  'gemma3_linear',
  'gemma3_text',
  'gpt2',
  'gpt2_f16',
  'gpt2_hub',
  'gpt2_invlayer',
  'gpt2_pad',
  'gpt_neox',
  'gpt_neox_hub',
  'gpt_neox_seq',
  'llama',
  'llama3',
  'llama_bf16',
  'llama_bias',
  'llama_pad',
  'mistral',
  'phi',
  'phi3',
  'phi3_partial_swa',
  'phi_qkln',
  'qwen2',
  'qwen2_swa',
  'qwen3',
  'qwen3_sharded',
];
const isThere = (name: string): boolean =>
  ['model.safetensors', 'model.safetensors.index.json'].some((file) => existsSync(fixture(`families/${name}/${file}`)));

describe.each(FOLDERS)('reference data: %s', (name) => {
  test.skipIf(!isThere(name))('every tensor is read', async () => {
    const model = await openModel(await openModelDirectory(fixture(`families/${name}`)));
    for (const [tensor, shape] of weightTable(model.spec)) {
      const values = await model.weights.read(tensor);
      expect([tensor, values.length]).toEqual([tensor, shape.reduce((product, n) => product * n, 1)]);
      expect(values.every(Number.isFinite), tensor).toBe(true);
    }
    // Their author says which share the embedding: those whose checkpoint has no other.
    expect(model.spec.tied).toBe(/^(gemma|gpt2|llama3|llama_bias|qwen2$|qwen3)/.test(name));
  });
});
