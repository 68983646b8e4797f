/** Small checkpoints of every family but GPT-2, written down by hand. */
import { memoryDirectory } from '../../src/checkpoint/byte-source.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { randomNumbers } from './random.js';
import { f32, writeSafetensors } from './safetensors-writer.js';

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

export const SIZES = {
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

export const WRITTEN: Readonly<Record<string, Written>> = {
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

export function multimodal(text: object): Record<string, unknown> {
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

export function shapesOf({ outer, layer, layers, beside }: Written): Shapes {
  const inLayers = [0, 1].flatMap((l) =>
    Object.entries(layer).map(([name, shape]) => [`${layers}.${l}.${name}`, shape]),
  );
  return { ...outer, ...(Object.fromEntries(inLayers) as Shapes), ...beside };
}

/** Numbers of a tensor that no other tensor has. */
export function numbers(shapes: Shapes, name: string): Float32Array {
  const count = shapes[name]!.reduce((product, n) => product * n, 1);
  return randomNumbers(Object.keys(shapes).indexOf(name)).normals(count);
}

export function openWritten(config: Readonly<Record<string, unknown>>, shapes: Shapes): Promise<LoadedModel> {
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, f32(shape, numbers(shapes, name))]),
  );
  const files = new Map([
    ['config.json', new TextEncoder().encode(JSON.stringify(config))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
  return openModel(memoryDirectory('m', files));
}
