import type { ConfigReader } from '../../checkpoint/config-reader.js';
import type { Activation, ModelSpec } from '../spec.js';
import { ACTIVATIONS } from './activations.js';

/** Names that other programs, or other families, give to values that a family's own config words differently. */
const SPELLINGS = {
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
  heads: ['n_heads', 'num_heads'],
  kvHeads: ['n_kv_heads', 'num_key_value_heads', 'num_kv_heads'],
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
} as const;

/** What a family's own config calls each of these values, for messages. */
export type OwnNames = Readonly<Record<keyof typeof SPELLINGS, string>>;

/** Reads keys that say again, by another name, what is known of a model: they must agree. */
export function readSpellings(config: ConfigReader, spec: ModelSpec, activation: Activation, names: OwnNames): void {
  config.restated(names.width, spec.width, SPELLINGS.width);
  config.restated(names.layers, spec.layers, SPELLINGS.layers);
  config.restated(names.heads, spec.heads, SPELLINGS.heads);
  config.restated(names.kvHeads, spec.kvHeads, SPELLINGS.kvHeads);
  config.restated(names.headWidth, spec.headWidth, SPELLINGS.headWidth);
  config.restated(names.mlpWidth, spec.mlpWidth, SPELLINGS.mlpWidth);
  config.restated(names.positions, spec.maxPositions, SPELLINGS.positions);
  config.restated(names.vocabulary, spec.vocab, SPELLINGS.vocabulary);
  config.restated(names.epsilon, spec.norm.epsilon, SPELLINGS.epsilon);
  config.restated(names.activation, activation, SPELLINGS.activation, (name) => ACTIVATIONS[String(name)]);
  config.restated('tie_word_embeddings', spec.tied, ['tie_embeddings', 'tie_weights', 'tied_embeddings']);
  readTraits(config, spec);
}

/** Reads switches that make it another model unless they say what holds for it anyway. */
function readTraits(config: ConfigReader, spec: ModelSpec): void {
  const { qkv, out } = spec.attention.biases;
  const mlp = spec.mlp?.biases ?? true;
  config.fixed(false, ['alibi', 'is_moe', 'use_alibi', 'use_moe']);
  config.fixed(true, ['causal', 'is_causal']);
  config.fixed(spec.kvHeads === 1 && spec.heads > 1, ['multi_query']);
  config.fixed(spec.block !== 'sequential', ['parallel_attn', 'parallel_attn_output', 'use_parallel_residual']);
  config.fixed(spec.postNorms, ['post_norm']);
  config.fixed(spec.preNorms, ['norm_first', 'pre_norm']);
  config.fixed(spec.attention.qkNorm !== null, ['qk_norm', 'use_qk_norm']);
  config.fixed(spec.norm.kind === 'rms', ['rms_norm', 'use_rms_norm']);
  config.fixed(spec.positions.kind === 'rotary', ['rotary', 'use_rope', 'use_rotary']);
  config.fixed(qkv && out, ['attention_bias']);
  config.fixed(qkv, ['qkv_bias']);
  config.fixed(mlp, ['mlp_bias']);
  config.fixed(qkv && out && mlp, ['bias', 'use_bias']);
}
