/** Checkpoints of every family but GPT-2: what each of their tensors is, and what is told of one that does not fit. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { openModel, type LoadedModel } from '../../../src/model/load-model.js';
import { weightTable, type TensorName } from '../../../src/model/weight-table.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { fixture } from '../../support/fixtures.js';
import { randomNumbers } from '../../support/random.js';
import { f32, writeSafetensors } from '../../support/safetensors-writer.js';

type Shapes = Readonly<Record<string, readonly number[]>>;

/** One checkpoint of a family, written down by hand: 2 layers, d 8, F 6, 4 heads on 2, dh 2, 11 tokens. */
interface Written {
  readonly config: Readonly<Record<string, unknown>>;
  /** Tensors outside the layers. */
  readonly outer: Shapes;
  /** Tensors of a layer, after `layers.N.` or what the family calls it. */
  readonly layer: Shapes;
  readonly layers: string;
  /** Tensors that change nothing. */
  readonly beside?: Shapes;
  readonly tied?: boolean;
}

const SIZES = {
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 11,
  max_position_embeddings: 16,
  bos_token_id: 1,
  torch_dtype: 'float32',
};
const GATED = { 'mlp.gate_proj.weight': [6, 8], 'mlp.up_proj.weight': [6, 8], 'mlp.down_proj.weight': [8, 6] };
const PROJECTIONS = {
  'self_attn.q_proj.weight': [8, 8],
  'self_attn.k_proj.weight': [4, 8],
  'self_attn.v_proj.weight': [4, 8],
  'self_attn.o_proj.weight': [8, 8],
};
const TWO_NORMS = { 'input_layernorm.weight': [8], 'post_attention_layernorm.weight': [8] };
const FOUR_NORMS = {
  ...TWO_NORMS,
  'pre_feedforward_layernorm.weight': [8],
  'post_feedforward_layernorm.weight': [8],
};
const HEAD_NORMS = { 'self_attn.q_norm.weight': [2], 'self_attn.k_norm.weight': [2] };
const OUTER = { 'model.embed_tokens.weight': [11, 8], 'model.norm.weight': [8] };
const HEAD = { 'lm_head.weight': [11, 8] };
const pair = (module: string, shape: readonly number[]): Shapes => ({
  [`${module}.weight`]: shape,
  [`${module}.bias`]: [shape[0]!],
});
const GEMMA3: Omit<Written, 'config'> = {
  outer: OUTER,
  layers: 'model.layers',
  layer: { ...FOUR_NORMS, ...PROJECTIONS, ...HEAD_NORMS, ...GATED },
  tied: true,
};
const renamed = (shapes: Shapes, from: string, to: string): Shapes =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name.replace(from, to), shape]));

const WRITTEN: Readonly<Record<string, Written>> = {
  SmolLM2: {
    config: {
      ...SIZES,
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      is_llama_config: true,
      rope_interleaved: false,
      rope_theta: 1e5,
      tie_word_embeddings: true,
      pretraining_tp: 1,
    },
    outer: OUTER,
    layers: 'model.layers',
    layer: { ...TWO_NORMS, ...PROJECTIONS, ...GATED },
    tied: true,
  },
  'Llama of before 2023': {
    config: { ...SIZES, model_type: 'llama', num_key_value_heads: 2 },
    outer: { ...OUTER, ...HEAD },
    layers: 'model.layers',
    layer: { ...TWO_NORMS, ...PROJECTIONS, ...GATED },
    beside: { 'model.layers.1.self_attn.rotary_emb.inv_freq': [1] },
  },
  'a bare Llama': {
    config: { ...SIZES, model_type: 'llama', architectures: ['LlamaModel'] },
    outer: renamed(OUTER, 'model.', ''),
    layers: 'layers',
    layer: { ...TWO_NORMS, ...PROJECTIONS, ...GATED },
    tied: true,
  },
  qwen2: {
    config: { ...SIZES, model_type: 'qwen2', tie_word_embeddings: false },
    outer: { ...OUTER, ...HEAD },
    layers: 'model.layers',
    layer: {
      ...TWO_NORMS,
      ...PROJECTIONS,
      'self_attn.q_proj.bias': [8],
      'self_attn.k_proj.bias': [4],
      'self_attn.v_proj.bias': [4],
      ...GATED,
    },
  },
  qwen3: {
    config: { ...SIZES, model_type: 'qwen3', head_dim: 2, tie_word_embeddings: false },
    outer: { ...OUTER, ...HEAD },
    layers: 'model.layers',
    layer: { ...TWO_NORMS, ...PROJECTIONS, ...HEAD_NORMS, ...GATED },
  },
  olmo2: {
    config: { ...SIZES, model_type: 'olmo2', architectures: ['Olmo2ForCausalLM'], rope_theta: 500_000 },
    outer: { ...OUTER, ...HEAD },
    layers: 'model.layers',
    layer: {
      'post_attention_layernorm.weight': [8],
      'post_feedforward_layernorm.weight': [8],
      ...PROJECTIONS,
      'self_attn.q_norm.weight': [8],
      'self_attn.k_norm.weight': [4],
      ...GATED,
    },
  },
  gpt_neo: {
    config: {
      model_type: 'gpt_neo',
      hidden_size: 8,
      num_layers: 2,
      num_heads: 4,
      vocab_size: 11,
      max_position_embeddings: 16,
      intermediate_size: null,
      window_size: 3,
      attention_types: [[['global', 'local'], 1]],
      attention_layers: ['global', 'local'],
    },
    outer: {
      'transformer.wte.weight': [11, 8],
      'transformer.wpe.weight': [16, 8],
      ...pair('transformer.ln_f', [8]),
    },
    layers: 'transformer.h',
    layer: {
      ...pair('ln_1', [8]),
      'attn.attention.q_proj.weight': [8, 8],
      'attn.attention.k_proj.weight': [8, 8],
      'attn.attention.v_proj.weight': [8, 8],
      ...pair('attn.attention.out_proj', [8, 8]),
      ...pair('ln_2', [8]),
      ...pair('mlp.c_fc', [32, 8]),
      ...pair('mlp.c_proj', [8, 32]),
    },
    beside: { 'transformer.h.0.attn.attention.bias': [1, 1, 2, 2], 'transformer.h.1.attn.attention.masked_bias': [] },
    tied: true,
  },
  'gpt_neox without biases of attention': {
    config: { ...SIZES, num_key_value_heads: null, model_type: 'gpt_neox', attention_bias: false, rotary_pct: 1 },
    outer: {
      'gpt_neox.embed_in.weight': [11, 8],
      ...pair('gpt_neox.final_layer_norm', [8]),
      'embed_out.weight': [11, 8],
    },
    layers: 'gpt_neox.layers',
    layer: {
      ...pair('input_layernorm', [8]),
      'attention.query_key_value.weight': [24, 8],
      'attention.dense.weight': [8, 8],
      ...pair('post_attention_layernorm', [8]),
      ...pair('mlp.dense_h_to_4h', [6, 8]),
      ...pair('mlp.dense_4h_to_h', [8, 6]),
    },
    beside: { 'gpt_neox.layers.0.attention.bias': [1, 1, 2, 2], 'gpt_neox.layers.0.attention.masked_bias': [] },
  },
  gemma2: {
    ...GEMMA3,
    config: { ...SIZES, model_type: 'gemma2', head_dim: 2 },
    layer: { ...FOUR_NORMS, ...PROJECTIONS, ...GATED },
  },
  gemma3_text: { ...GEMMA3, config: { ...SIZES, model_type: 'gemma3_text', head_dim: 2 } },
  'gemma3, older names': {
    config: multimodal({}),
    outer: renamed(OUTER, 'model.', 'language_model.model.'),
    layers: 'language_model.model.layers',
    layer: GEMMA3.layer,
    beside: {
      'vision_tower.vision_model.embeddings.patch_embedding.weight': [2, 3, 2, 2],
      'multi_modal_projector.mm_soft_emb_norm.weight': [2],
    },
    tied: true,
  },
  'gemma3, newer names': {
    config: multimodal({ tie_word_embeddings: false }),
    outer: { ...renamed(OUTER, 'model.', 'model.language_model.'), ...HEAD },
    layers: 'model.language_model.layers',
    layer: GEMMA3.layer,
    beside: {
      'model.vision_tower.vision_model.head.layernorm.bias': [2],
      'model.multi_modal_projector.mm_input_projection_weight': [2, 2],
    },
  },
  phi: {
    config: { ...SIZES, model_type: 'phi', partial_rotary_factor: 1, qk_layernorm: true },
    outer: {
      'model.embed_tokens.weight': [11, 8],
      ...pair('model.final_layernorm', [8]),
      ...pair('lm_head', [11, 8]),
    },
    layers: 'model.layers',
    layer: {
      ...pair('input_layernorm', [8]),
      ...pair('self_attn.q_proj', [8, 8]),
      ...pair('self_attn.k_proj', [4, 8]),
      ...pair('self_attn.v_proj', [4, 8]),
      ...pair('self_attn.dense', [8, 8]),
      ...pair('self_attn.q_layernorm', [2]),
      ...pair('self_attn.k_layernorm', [2]),
      ...pair('mlp.fc1', [6, 8]),
      ...pair('mlp.fc2', [8, 6]),
    },
  },
  phi3: {
    config: { ...SIZES, model_type: 'phi3' },
    outer: { ...OUTER, ...HEAD },
    layers: 'model.layers',
    layer: {
      ...TWO_NORMS,
      'self_attn.qkv_proj.weight': [16, 8],
      'self_attn.o_proj.weight': [8, 8],
      'mlp.gate_up_proj.weight': [12, 8],
      'mlp.down_proj.weight': [8, 6],
    },
  },
};

function multimodal(text: object): Record<string, unknown> {
  return {
    model_type: 'gemma3',
    architectures: ['Gemma3ForConditionalGeneration'],
    vision_config: { hidden_size: 2 },
    boi_token_index: 7,
    eoi_token_index: 8,
    image_token_index: 9,
    mm_tokens_per_image: 4,
    eos_token_id: [1, 6],
    text_config: {
      ...SIZES,
      model_type: 'gemma3_text',
      head_dim: 2,
      ...text,
    },
  };
}

function shapesOf({ outer, layer, layers, beside }: Written): Shapes {
  const inLayers = [0, 1].flatMap((l) =>
    Object.entries(layer).map(([name, shape]) => [`${layers}.${l}.${name}`, shape]),
  );
  return { ...outer, ...(Object.fromEntries(inLayers) as Shapes), ...beside };
}

/** Numbers of a tensor that no other tensor has. */
function numbers(shapes: Shapes, name: string): Float32Array {
  const count = shapes[name]!.reduce((product, n) => product * n, 1);
  return randomNumbers(Object.keys(shapes).indexOf(name)).normals(count);
}

function open(config: Readonly<Record<string, unknown>>, shapes: Shapes): Promise<LoadedModel> {
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, f32(shape, numbers(shapes, name))]),
  );
  const files = new Map([
    ['config.json', new TextEncoder().encode(JSON.stringify(config))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
  return openModel(memoryDirectory('m', files));
}

describe.each(Object.entries(WRITTEN))('%s', (_, written) => {
  const shapes = shapesOf(written);

  test('every tensor is read, in its shape, and each but the fused ones from one place alone', async () => {
    const model = await open(written.config, shapes);
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
      await expect(open(written.config, rest), name).rejects.toThrow(/^m\/model.safetensors: lacks \d+ tensor/);
      await expect(open(written.config, { ...shapes, [name]: [3] }), name).rejects.toThrow(
        `m/model.safetensors: tensor ${name} has shape [3], expected [`,
      );
    }
  });

  test('a tensor that no such model has is named', async () => {
    const odd = `${written.layers}.1.self_attn.q_proj.lora_A`;
    await expect(open(written.config, { ...shapes, [odd]: [2] })).rejects.toThrow(`holds 1 tensor (${odd}) that a `);
  });
});

describe('what becomes of the parts of a tensor', () => {
  const [d, dh, F] = [8, 2, 6];

  /** Of the checkpoint `name`: tensor `stored` of layer 1, and tensor `read` of the model. */
  async function both(name: string, stored: string, read: TensorName): Promise<[Float32Array, number[]]> {
    const written = WRITTEN[name]!;
    const shapes = shapesOf(written);
    const model = await open(written.config, shapes);
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
    expect((await open(written.config, shapes)).spec).toMatchObject({
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
    await expect(open({ ...written.config, ...changes }, shapes)).rejects.toThrow(`m/config.json: ${message}`);
  });

  test('either wording alone says which layers are local', async () => {
    for (const key of ['attention_types', 'attention_layers']) {
      const { spec } = await open({ ...written.config, [key]: null }, shapes);
      expect(spec.attention.window).toEqual([null, 3]);
    }
  });
});

test('a Gemma of exact gelu says so, for others take it for the tanh form', async () => {
  const { layer, outer } = WRITTEN['SmolLM2']!;
  const shapes = shapesOf({ config: {}, layer, outer, layers: 'model.layers' });
  const config = { ...SIZES, model_type: 'gemma', head_dim: 2 };
  expect((await open({ ...config, hidden_act: 'gelu' }, shapes)).remarks).toEqual([
    expect.stringMatching(/^its config says "gelu": the exact one is computed/),
  ]);
  expect((await open({ ...config, hidden_act: 'gelu_pytorch_tanh' }, shapes)).remarks).toEqual([]);
});

describe('Gemma 3 of several media', () => {
  const written = WRITTEN['gemma3, newer names']!;
  const shapes = shapesOf(written);
  const withText = (text: unknown): Record<string, unknown> => ({ ...written.config, text_config: text });

  test('is its text model', async () => {
    const { spec } = await open(written.config, shapes);
    expect(spec).toMatchObject({ family: 'gemma3_text', width: 8, tied: false, bosTokenId: 1, postNorms: true });
  });

  test.each<[Record<string, unknown>, string]>([
    [withText(undefined), 'm/config.json: text_config: got nothing, expected an object'],
    [withText({ model_type: 'gemma2' }), 'm/config.json: text_config: model_type: got "gemma2"'],
    [multimodal({ rope_thing: 1 }), 'm/config.json: text_config: unknown key "rope_thing"'],
    [{ ...written.config, audio_config: {} }, 'm/config.json: unknown key "audio_config"'],
    [{ ...written.config, tie_word_embeddings: true }, 'tie_word_embeddings: got true, expected the same as the text'],
  ])('%j is refused', async (config, message) => {
    await expect(open(config, shapes)).rejects.toThrow(message);
  });

  test('what only encoders of images have is no text model', async () => {
    const odd = { ...shapes, 'model.vision_towel.x': [1] };
    await expect(open(written.config, odd)).rejects.toThrow('holds 1 tensor (model.vision_towel.x) that');
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
