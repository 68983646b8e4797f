import { isObject } from '../../base/json/strict-json.js';
import { ConfigReader, type InertKeys } from '../../checkpoint/config-reader.js';
import type { Activation, ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';
import type { ModelFamily, TensorPlace } from './family.js';
import { INERT_KEYS } from './inert-keys.js';

/**
 * GPT-2 (Radford et al. 2019; modelling code: Hugging Face transformers, GPT2LMHeadModel): learned positions, layer
 * norm before each sublayer, biases everywhere, plain MLP, unembedding tied to the embedding unless the checkpoint
 * has its own.
 */
export const gpt2: ModelFamily = {
  modelType: 'gpt2',
  unembed: 'lm_head.weight',
  parseConfig,
  prefix: (has) => (has('transformer.wte.weight') ? 'transformer.' : ''),
  places,
  isBuffer: (tensor) => /^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$/.test(tensor),
};

/**
 * Only the bare model and the language model: other heads (GPT2ForSequenceClassification, GPT2DoubleHeadsModel ...)
 * were trained for other outputs, so logits computed from their checkpoints would mean nothing.
 */
const ARCHITECTURES = ['GPT2LMHeadModel', 'GPT2Model'];

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
};

/** Other names of sizes that GPT2Config itself takes (its attribute_map). */
const ALIASES = {
  n_embd: ['hidden_size'],
  n_layer: ['num_hidden_layers'],
  n_head: ['num_attention_heads'],
  n_positions: ['max_position_embeddings'],
};

/** Names that other programs, or other families, give to values that a GPT-2 has. */
const RESTATED = {
  width: [
    'd_model',
    'dim',
    'emb_dim',
    'embd_dim',
    'embed_dim',
    'embedding_dim',
    'embedding_size',
    'model_dim',
    'n_embed',
  ],
  layers: ['n_layers', 'num_layers'],
  heads: ['n_heads', 'n_kv_heads', 'num_heads', 'num_key_value_heads'],
  headWidth: ['attention_head_size', 'd_head', 'head_dim', 'head_size'],
  mlpWidth: ['d_ff', 'd_inner', 'd_mlp', 'ffn_dim', 'ffn_hidden_size', 'inner_dim', 'intermediate_size', 'mlp_dim'],
  positions: [
    'block_size',
    'context_length',
    'context_size',
    'max_seq_len',
    'max_seq_length',
    'max_sequence_length',
    'n_ctx',
    'seq_len',
    'seq_length',
    'sequence_length',
  ],
  vocabulary: ['d_vocab', 'n_vocab', 'vocabulary_size'],
  epsilon: ['layer_norm_eps', 'layernorm_epsilon', 'ln_eps', 'norm_eps', 'norm_epsilon'],
  activation: ['act_fn', 'activation', 'afn', 'hidden_act', 'hidden_activation'],
};

/** Keys that turn a GPT-2 into another model unless they say what holds for it anyway. */
const FIXED = {
  off: [
    'alibi',
    'is_moe',
    'multi_query',
    'parallel_attn',
    'parallel_attn_output',
    'post_norm',
    'qk_norm',
    'rms_norm',
    'rotary',
    'use_alibi',
    'use_moe',
    'use_parallel_residual',
    'use_qk_norm',
    'use_rms_norm',
    'use_rope',
    'use_rotary',
  ],
  on: ['attention_bias', 'bias', 'causal', 'is_causal', 'mlp_bias', 'norm_first', 'pre_norm', 'qkv_bias', 'use_bias'],
};

const INERT: readonly InertKeys[] = [
  ...INERT_KEYS,
  {
    reason: 'the multiple-choice head is not part of the language model',
    keys: ['summary_activation', 'summary_proj_to_labels', 'summary_type', 'summary_use_proj'],
  },
  { reason: 'order of operations in half precision only', keys: ['reorder_and_upcast_attn'] },
  {
    reason: 'cross attention is refused below',
    keys: ['cross_attention_hidden_size', 'is_decoder', 'tie_encoder_decoder'],
  },
];

/** Far above every real model, and small enough that tables of names and sizes stay harmless. */
const MAX_LAYERS = 1000;
const MAX_HEADS = 1000;
const MAX_SIZE = 2 ** 24;

function parseConfig(json: unknown, where: string, ignored: readonly string[] = []): ModelSpec {
  const config = new ConfigReader(json, where, { aliases: ALIASES, inert: INERT, ignored });
  config.choice('model_type', '', { gpt2: true });
  readArchitectures(config);

  const layers = config.size('n_layer', MAX_LAYERS);
  const heads = config.size('n_head', MAX_HEADS);
  const width = config.size('n_embd', MAX_SIZE);
  if (width % heads !== 0) config.fail('n_embd', `a multiple of n_head = ${heads}`);
  const headWidth = width / heads;
  const maxPositions = config.size('n_positions', MAX_SIZE);

  const base = config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(headWidth) : 1;
  const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false);
  if (config.flag('add_cross_attention', false))
    config.fail('add_cross_attention', 'false: only decoders are supported');
  if (config.flag('is_encoder_decoder', false)) config.fail('is_encoder_decoder', 'false: only decoders are supported');
  const pruned = config.value('pruned_heads') ?? {};
  if (!isObject(pruned) || Object.keys(pruned).length > 0)
    config.fail('pruned_heads', 'an empty object: pruned heads are not supported');

  // A width of 0 stands for no MLPs. Where the key is absent, only the checkpoint tells.
  const mlpWidth = config.value('n_inner') === 0 ? 0 : (config.optionalSize('n_inner', MAX_SIZE) ?? 4 * width);
  const activation = config.choice('activation_function', 'gelu_new', ACTIVATIONS);

  const spec: ModelSpec = {
    family: 'gpt2',
    layers,
    heads,
    kvHeads: heads,
    width,
    headWidth,
    mlpWidth,
    vocab: config.size('vocab_size', MAX_SIZE),
    maxPositions,
    norm: { kind: 'layer', epsilon: config.positive('layer_norm_epsilon', 1e-5), onePlusGain: false },
    positions: { kind: 'learned' },
    block: 'sequential',
    attention: {
      scale: Array.from({ length: layers }, (_, layer) => (byLayer ? base / (layer + 1) : base)),
      softcap: null,
      window: Array.from({ length: layers }, () => null),
      qkNorm: null,
      biases: { qkv: true, out: true },
    },
    mlp: mlpWidth === 0 ? null : { kind: 'plain', activation, biases: true },
    embeddingScale: 1,
    tied: config.flag('tie_word_embeddings', true),
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: config.tokenId('bos_token_id'),
  };
  readRestated(config, spec, activation);
  config.finish();
  return spec;
}

function readRestated(config: ConfigReader, spec: ModelSpec, activation: Activation): void {
  config.restated('n_embd', spec.width, RESTATED.width);
  config.restated('n_layer', spec.layers, RESTATED.layers);
  config.restated('n_head', spec.heads, RESTATED.heads);
  config.restated('n_embd / n_head', spec.headWidth, RESTATED.headWidth);
  config.restated('n_inner', spec.mlpWidth, RESTATED.mlpWidth);
  config.restated('n_positions', spec.maxPositions, RESTATED.positions);
  config.restated('vocab_size', spec.vocab, RESTATED.vocabulary);
  config.restated('layer_norm_epsilon', spec.norm.epsilon, RESTATED.epsilon);
  config.restated('activation_function', activation, RESTATED.activation, (name) => ACTIVATIONS[String(name)]);
  config.restated('tie_word_embeddings', spec.tied, ['tie_embeddings', 'tie_weights', 'tied_embeddings']);
  config.fixed(false, FIXED.off);
  config.fixed(true, FIXED.on);
}

function readArchitectures(config: ConfigReader): void {
  const names = config.value('architectures') ?? [];
  const known = Array.isArray(names) && names.every((name) => ARCHITECTURES.includes(name as string));
  if (!known) config.fail('architectures', `a list of ${ARCHITECTURES.join(' or ')}`);
}

function places(spec: ModelSpec, prefix: string): ReadonlyMap<TensorName, TensorPlace> {
  const { width: d, mlpWidth } = spec;
  const map = new Map<TensorName, TensorPlace>();
  map.set('embed', { tensor: `${prefix}wte.weight`, shape: [spec.vocab, d] });
  map.set('positions', { tensor: `${prefix}wpe.weight`, shape: [spec.maxPositions, d] });
  const addNorm = (name: 'normf' | `layers.${number}.${'norm1' | 'norm2'}`, tensor: string): void => {
    map.set(`${name}.gain`, { tensor: `${tensor}.weight`, shape: [d] });
    map.set(`${name}.bias`, { tensor: `${tensor}.bias`, shape: [d] });
  };
  for (let layer = 0; layer < spec.layers; layer++) {
    const neutral = `layers.${layer}` as const;
    const block = `${prefix}h.${layer}`;
    addNorm(`${neutral}.norm1`, `${block}.ln_1`);
    // c_attn holds q, k and v side by side; its Conv1D stores [in, out], unlike the linear layers of other families.
    (['q', 'k', 'v'] as const).forEach((branch, i) => {
      const columns = { from: i * d, to: (i + 1) * d };
      map.set(`${neutral}.w${branch}`, { tensor: `${block}.attn.c_attn.weight`, shape: [d, 3 * d], columns });
      map.set(`${neutral}.b${branch}`, { tensor: `${block}.attn.c_attn.bias`, shape: [3 * d], columns });
    });
    map.set(`${neutral}.wo`, { tensor: `${block}.attn.c_proj.weight`, shape: [d, d] });
    map.set(`${neutral}.bo`, { tensor: `${block}.attn.c_proj.bias`, shape: [d] });
    if (spec.mlp === null) continue;
    addNorm(`${neutral}.norm2`, `${block}.ln_2`);
    map.set(`${neutral}.win`, { tensor: `${block}.mlp.c_fc.weight`, shape: [d, mlpWidth] });
    map.set(`${neutral}.bin`, { tensor: `${block}.mlp.c_fc.bias`, shape: [mlpWidth] });
    map.set(`${neutral}.wout`, { tensor: `${block}.mlp.c_proj.weight`, shape: [mlpWidth, d] });
    map.set(`${neutral}.bout`, { tensor: `${block}.mlp.c_proj.bias`, shape: [d] });
  }
  addNorm('normf', `${prefix}ln_f`);
  return map;
}
