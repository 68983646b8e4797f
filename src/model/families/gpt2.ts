import { ConfigReader, type InertKeys } from '../../checkpoint/config-reader.js';
import type { ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';
import { ACTIVATIONS } from './activations.js';
import { MAX_HEADS, MAX_LAYERS, MAX_SIZE, readArchitectures, refuseOtherThanDecoders } from './decoder-config.js';
import type { ModelFamily, Naming, TensorPlace } from './family.js';
import { INERT_KEYS } from './inert-keys.js';
import { readSpellings, type OwnNames } from './spellings.js';

/**
 * GPT-2 (Radford et al. 2019; modelling code: Hugging Face transformers, GPT2LMHeadModel): learned positions, layer
 * norm before each sublayer, biases everywhere, plain MLP, unembedding tied to the embedding unless the checkpoint
 * has its own.
 */
export const gpt2: ModelFamily = {
  modelType: 'gpt2',
  bos: 'config',
  parseConfig,
  namings: [
    { prefix: 'transformer.', unembed: 'lm_head.weight' },
    { prefix: '', unembed: 'lm_head.weight' },
  ],
  embed: 'wte.weight',
  places,
  isBeside: (tensor) => /^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$/.test(tensor),
};

/**
 * Only the bare model and the language model: other heads (GPT2ForSequenceClassification, GPT2DoubleHeadsModel ...)
 * were trained for other outputs, so logits computed from their checkpoints would mean nothing.
 */
const ARCHITECTURES = ['GPT2LMHeadModel', 'GPT2Model'];

/** Other names of sizes that GPT2Config itself takes (its attribute_map). */
const ALIASES = {
  n_embd: ['hidden_size'],
  n_layer: ['num_hidden_layers'],
  n_head: ['num_attention_heads'],
  n_positions: ['max_position_embeddings'],
};

/** What this family's config calls the values that others spell differently. */
const OWN_NAMES: OwnNames = {
  width: 'n_embd',
  layers: 'n_layer',
  heads: 'n_head',
  kvHeads: 'n_head',
  headWidth: 'n_embd / n_head',
  mlpWidth: 'n_inner',
  positions: 'n_positions',
  vocabulary: 'vocab_size',
  epsilon: 'layer_norm_epsilon',
  activation: 'activation_function',
};

const INERT: readonly InertKeys[] = [
  ...INERT_KEYS,
  { reason: 'order of operations in half precision only', keys: ['reorder_and_upcast_attn'] },
];

function parseConfig(json: unknown, where: string, ignored: readonly string[] = []): ModelSpec {
  const config = new ConfigReader(json, where, { aliases: ALIASES, inert: INERT, ignored });
  config.choice('model_type', '', { gpt2: true });
  readArchitectures(config, ARCHITECTURES);

  const layers = config.size('n_layer', MAX_LAYERS);
  const heads = config.size('n_head', MAX_HEADS);
  const width = config.size('n_embd', MAX_SIZE);
  if (width % heads !== 0) config.fail('n_embd', `a multiple of n_head = ${heads}`);
  const headWidth = width / heads;
  const maxPositions = config.size('n_positions', MAX_SIZE);

  const base = config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(headWidth) : 1;
  const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false);
  refuseOtherThanDecoders(config);

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
  readSpellings(config, spec, activation, OWN_NAMES);
  config.finish();
  return spec;
}

function places(spec: ModelSpec, { prefix }: Naming): ReadonlyMap<TensorName, TensorPlace> {
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
