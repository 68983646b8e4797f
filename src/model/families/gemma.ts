import { ConfigReader } from '../../checkpoint/config-reader.js';
import { isObject } from '../../base/json/strict-json.js';
import type { ModelSpec } from '../spec.js';
import { decoderFamily, readArchitectures, type Dialect, type PlainDecoder } from './decoder-config.js';
import type { ModelFamily } from './family.js';
import { INERT_KEYS } from './inert-keys.js';
import { LLAMA_EMBED, LLAMA_NAMINGS, llamaNames } from './llama-names.js';
import { readRotary, readRotaryByLayer } from './rotary-config.js';
import { readWindows, refuseWindows } from './window-config.js';

const GEMMA: Omit<Dialect, 'modelType' | 'architectures' | 'describe'> = {
  bos: 'config',
  namings: LLAMA_NAMINGS,
  embed: LLAMA_EMBED,
  norm: { kind: 'rms', key: 'rms_norm_eps', absent: 1e-6 },
  activation: { keys: ['hidden_activation'], absent: 'gelu_pytorch_tanh' },
  names: llamaNames,
};

/**
 * Gemma (Gemma team 2024; modelling code: Hugging Face transformers, GemmaForCausalLM): as Llama, with norms that
 * multiply by 1 + w, embeddings times sqrt(d), and a gate of tanh-gelu.
 *
 * Versions of the modelling code differ in which of hidden_activation and hidden_act names the activation. The first
 * that is not null does here, and a config in which they disagree is refused unless the user ignores hidden_act.
 */
export const gemma = decoderFamily({
  ...GEMMA,
  modelType: 'gemma',
  architectures: ['GemmaForCausalLM', 'GemmaModel'],
  activation: { keys: ['hidden_activation', 'hidden_act'], absent: 'gelu_pytorch_tanh' },
  absent: { kvHeads: 16, headWidth: 256 },
  describe(config, plain) {
    refuseWindows(config, plain.layers);
    return { ...gemmaLike(config, plain), positions: readRotary(config, plain.headWidth, { base: 10_000 }) };
  },
  remarks: ({ mlp }) => (mlp?.activation === 'gelu' ? [EXACT_GELU] : []),
});

const EXACT_GELU =
  'its config says "gelu": the exact one is computed, as the transformers library does since 4.48; older versions compute ' +
  'its tanh form, which "hidden_activation": "gelu_pytorch_tanh" in config.json stands for';

/**
 * Gemma 2 (Gemma team 2024): Gemma with norms also after the sublayers, soft caps of scores and logits, and windows in
 * every other layer.
 */
export const gemma2 = decoderFamily({
  ...GEMMA,
  modelType: 'gemma2',
  architectures: ['Gemma2ForCausalLM', 'Gemma2Model'],
  absent: { kvHeads: 4, headWidth: 256 },
  describe(config, plain) {
    const like = gemmaLike(config, plain);
    const window = readWindows(config, plain.layers, {
      absent: 4096,
      slides: (layer) => layer % 2 === 0,
      listDecides: true,
    });
    return {
      ...like,
      positions: readRotary(config, plain.headWidth, { base: 10_000 }),
      attention: {
        ...like.attention,
        scale: readScale(config, plain),
        softcap: readCap(config, 'attn_logit_softcapping', 50),
        window,
      },
      logitSoftcap: readCap(config, 'final_logit_softcapping', 30),
      postNorms: true,
    };
  },
});

/**
 * Gemma 3 (Gemma team 2025), the text model: Gemma 2 with norms of queries and keys instead of the cap of scores,
 * windows in five of six layers, and rotary positions of another base there.
 */
export const gemma3Text = decoderFamily({
  ...GEMMA,
  modelType: 'gemma3_text',
  architectures: ['Gemma3ForCausalLM', 'Gemma3TextModel'],
  absent: { kvHeads: 4, headWidth: 256 },
  inert: [{ reason: 'the modelling code hands it to no attention', keys: ['attn_logit_softcapping'] }],
  describe(config, plain) {
    const like = gemmaLike(config, plain);
    const pattern = config.optionalSize('sliding_window_pattern', 1000) ?? 6;
    const window = readWindows(config, plain.layers, {
      absent: 4096,
      slides: (layer) => (layer + 1) % pattern !== 0,
      listDecides: true,
    });
    return {
      ...like,
      positions: readRotaryByLayer(config, plain.headWidth, { global: 1_000_000, local: 10_000 }),
      attention: {
        ...like.attention,
        scale: readScale(config, plain),
        window,
        qkNorm: { kind: 'rms', over: 'head' },
      },
      logitSoftcap: readCap(config, 'final_logit_softcapping', null),
      postNorms: true,
    };
  },
});

/** What Gemma3TextConfig takes for sizes that a config leaves out: the text parts of published ones leave out many. */
const GEMMA3_TEXT_SIZES = {
  bos_token_id: 2,
  head_dim: 256,
  hidden_size: 2304,
  intermediate_size: 9216,
  max_position_embeddings: 131_072,
  num_attention_heads: 8,
  num_hidden_layers: 26,
  num_key_value_heads: 4,
  vocab_size: 262_208,
};

/** Gemma 3 with an encoder of images, which is left aside: the text model alone. */
export const gemma3: ModelFamily = {
  ...gemma3Text,
  modelType: 'gemma3',
  namings: [
    { prefix: 'language_model.model.', unembed: 'language_model.lm_head.weight' },
    { prefix: 'model.language_model.', unembed: 'lm_head.weight' },
    { prefix: 'language_model.', unembed: 'lm_head.weight' },
  ],
  textPart,
  parseConfig(json, where, ignored = []) {
    const text = textPart(json);
    const has = (part: unknown, key: string): boolean => isObject(part) && Object.hasOwn(part, key);
    const ofText = ignored.filter((key) => has(text, key) && !has(json, key));
    const config = new ConfigReader(json, where, {
      inert: [...INERT_KEYS, OTHER_MEDIA],
      ignored: ignored.filter((key) => !ofText.includes(key)),
    });
    config.choice('model_type', '', { gemma3: true });
    readArchitectures(config, ['Gemma3ForConditionalGeneration', 'Gemma3Model']);
    if (!isObject(config.value('text_config'))) config.fail('text_config', 'an object that describes the text model');
    const spec = gemma3Text.parseConfig(text, `${where}: text_config`, ofText);
    config.restated("the text model's tie_word_embeddings", spec.tied, ['tie_word_embeddings']);
    config.finish();
    return spec;
  },
  isBeside: (tensor) => /^(model\.)?(vision_tower|multi_modal_projector)\./.test(tensor) || gemma3Text.isBeside(tensor),
};

function textPart(json: unknown): unknown {
  const text = isObject(json) ? json['text_config'] : undefined;
  return isObject(text) ? { ...GEMMA3_TEXT_SIZES, ...text } : text;
}

const OTHER_MEDIA = {
  reason: 'images are not read',
  keys: ['bos_token_id', 'mm_tokens_per_image', 'vision_config'],
  pattern: /^(boi|eoi|image)_token_(id|index)$/,
};

type Like = Pick<ModelSpec, 'attention' | 'embeddingScale' | 'mlp' | 'norm'>;

function gemmaLike(config: ConfigReader, plain: PlainDecoder): Like {
  const bias = config.flag('attention_bias', false);
  config.fixed(false, ['use_bidirectional_attention']);
  return {
    attention: { ...plain.attention, biases: { qkv: bias, out: bias } },
    embeddingScale: Math.sqrt(plain.width),
    mlp: { kind: 'gated', activation: plain.activation, biases: false },
    norm: { ...plain.norm, onePlusGain: true },
  };
}

function readScale(config: ConfigReader, { layers }: PlainDecoder): number[] {
  return new Array<number>(layers).fill(config.positive('query_pre_attn_scalar', 256) ** -0.5);
}

/** @param absent where the key is absent; null, also in the config, stands for no cap. */
function readCap(config: ConfigReader, key: string, absent: number | null): number | null {
  return config.value(key) === undefined ? absent : (config.optionalPositive(key) ?? null);
}
