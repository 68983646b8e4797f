import { ConfigReader } from '../../checkpoint/config-reader.js';
import type { Activation, ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';
import type { ModelFamily, TensorPlace } from './family.js';

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

/** Keys that cannot change the logits of a forward pass, by reason. */
const IGNORABLE: Readonly<Record<string, readonly string[]>> = {
  'dropout is off outside training': ['attn_pdrop', 'embd_pdrop', 'resid_pdrop', 'summary_first_dropout'],
  'initial values are overwritten by the checkpoint': ['initializer_range'],
  'the multiple-choice head is not part of the language model': [
    'summary_activation',
    'summary_proj_to_labels',
    'summary_type',
    'summary_use_proj',
  ],
  'labels of classification heads': [
    '_num_labels',
    'finetuning_task',
    'id2label',
    'label2id',
    'num_labels',
    'problem_type',
  ],
  'order of operations in half precision only': ['reorder_and_upcast_attn'],
  'memory, speed and form of outputs': [
    '_attn_implementation',
    '_attn_implementation_autoset',
    'attn_implementation',
    'chunk_size_feed_forward',
    'gradient_checkpointing',
    'keys_to_ignore_at_inference',
    'output_attentions',
    'output_hidden_states',
    'output_past',
    'return_dict',
    'torchscript',
    'use_cache',
  ],
  'storage type: the checkpoint names it per tensor': ['dtype', 'torch_dtype', 'use_bfloat16'],
  'where the files come from': [
    '_commit_hash',
    '_name_or_path',
    'name_or_path',
    'tokenizer_class',
    'transformers_version',
  ],
  'special tokens of generation and training': [
    'decoder_start_token_id',
    'eos_token_id',
    'pad_token_id',
    'sep_token_id',
    'n_special',
    'predict_special_tokens',
  ],
  'defaults of text generation': [
    'bad_words_ids',
    'begin_suppress_tokens',
    'diversity_penalty',
    'do_sample',
    'early_stopping',
    'encoder_no_repeat_ngram_size',
    'exponential_decay_length_penalty',
    'forced_bos_token_id',
    'forced_eos_token_id',
    'length_penalty',
    'max_length',
    'min_length',
    'no_repeat_ngram_size',
    'num_beam_groups',
    'num_beams',
    'num_return_sequences',
    'output_scores',
    'prefix',
    'remove_invalid_values',
    'repetition_penalty',
    'return_dict_in_generate',
    'suppress_tokens',
    'task_specific_params',
    'temperature',
    'tf_legacy_loss',
    'top_k',
    'top_p',
    'typical_p',
  ],
  'cross attention is refused below': ['cross_attention_hidden_size', 'is_decoder', 'tie_encoder_decoder'],
};

/** Far above every real model, and small enough that tables of names and sizes stay harmless. */
const MAX_LAYERS = 1000;
const MAX_HEADS = 1000;
const MAX_SIZE = 2 ** 24;

function parseConfig(json: unknown, where: string): ModelSpec {
  const config = new ConfigReader(json, where);
  config.ignore(IGNORABLE);
  config.choice('model_type', '', { gpt2: true });
  readArchitectures(config);

  const layers = config.size('n_layer', MAX_LAYERS);
  const heads = config.size('n_head', MAX_HEADS);
  const width = config.size('n_embd', MAX_SIZE);
  if (width % heads !== 0) config.fail('n_embd', `a multiple of n_head = ${heads}`);
  const headWidth = width / heads;
  const maxPositions = config.size('n_positions', MAX_SIZE);
  if ((config.optionalSize('n_ctx', MAX_SIZE) ?? maxPositions) !== maxPositions) {
    config.fail('n_ctx', `the same as n_positions = ${maxPositions}`);
  }

  const base = config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(headWidth) : 1;
  const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false);
  if (config.flag('add_cross_attention', false))
    config.fail('add_cross_attention', 'false: only decoders are supported');
  if (config.flag('is_encoder_decoder', false)) config.fail('is_encoder_decoder', 'false: only decoders are supported');
  const pruned = config.value('pruned_heads') ?? {};
  if (JSON.stringify(pruned) !== '{}') config.fail('pruned_heads', 'an empty object: pruned heads are not supported');

  const spec: ModelSpec = {
    family: 'gpt2',
    layers,
    heads,
    kvHeads: heads,
    width,
    headWidth,
    mlpWidth: config.optionalSize('n_inner', MAX_SIZE) ?? 4 * width,
    vocab: config.size('vocab_size', MAX_SIZE),
    maxPositions,
    norm: { kind: 'layer', epsilon: config.positive('layer_norm_epsilon', 1e-5), onePlusGain: false },
    positions: { kind: 'learned' },
    block: 'sequential',
    attention: {
      scale: Array.from({ length: layers }, (_, layer) => (byLayer ? base / (layer + 1) : base)),
      softcap: null,
      window: Array.from({ length: layers }, () => null),
      qkNorm: 'none',
      biases: { qkv: true, out: true },
    },
    mlp: { kind: 'plain', activation: config.choice('activation_function', 'gelu_new', ACTIVATIONS), biases: true },
    embeddingScale: 1,
    tied: config.flag('tie_word_embeddings', true),
    logitBias: false,
    logitSoftcap: null,
    postNorms: false,
    bosTokenId: config.tokenId('bos_token_id'),
  };
  config.finish();
  return spec;
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
    addNorm(`${neutral}.norm2`, `${block}.ln_2`);
    // c_attn holds q, k and v side by side; its Conv1D stores [in, out], unlike the linear layers of other families.
    (['q', 'k', 'v'] as const).forEach((branch, i) => {
      const columns = { from: i * d, to: (i + 1) * d };
      map.set(`${neutral}.w${branch}`, { tensor: `${block}.attn.c_attn.weight`, shape: [d, 3 * d], columns });
      map.set(`${neutral}.b${branch}`, { tensor: `${block}.attn.c_attn.bias`, shape: [3 * d], columns });
    });
    map.set(`${neutral}.wo`, { tensor: `${block}.attn.c_proj.weight`, shape: [d, d] });
    map.set(`${neutral}.bo`, { tensor: `${block}.attn.c_proj.bias`, shape: [d] });
    map.set(`${neutral}.win`, { tensor: `${block}.mlp.c_fc.weight`, shape: [d, mlpWidth] });
    map.set(`${neutral}.bin`, { tensor: `${block}.mlp.c_fc.bias`, shape: [mlpWidth] });
    map.set(`${neutral}.wout`, { tensor: `${block}.mlp.c_proj.weight`, shape: [mlpWidth, d] });
    map.set(`${neutral}.bout`, { tensor: `${block}.mlp.c_proj.bias`, shape: [d] });
  }
  addNorm('normf', `${prefix}ln_f`);
  return map;
}
