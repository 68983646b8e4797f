import type { ConfigReader } from '../../checkpoint/config-reader.js';
import type { ModelSpec } from '../spec.js';
import { decoderFamily, type Dialect, type PlainDecoder } from './decoder-config.js';
import { LLAMA_EMBED, LLAMA_NAMINGS, llamaNames } from './llama-names.js';
import { readRotary } from './rotary-config.js';
import { readWindows, refuseWindows } from './window-config.js';

const LLAMA: Omit<Dialect, 'describe'> = {
  modelType: 'llama',
  bos: 'class-does',
  architectures: ['LlamaForCausalLM', 'LlamaModel'],
  namings: LLAMA_NAMINGS,
  embed: LLAMA_EMBED,
  norm: { kind: 'rms', key: 'rms_norm_eps', absent: 1e-6 },
  activation: { keys: ['hidden_act'], absent: 'silu' },
  inert: [
    { reason: 'products in pieces give the same sums', keys: ['pretraining_tp'] },
    { reason: 'says again that it is a Llama', keys: ['is_llama_config'] },
  ],
  names: llamaNames,
};

/**
 * Llama 2 and 3 (Touvron et al. 2023, Grattafiori et al. 2024) and models of their shape, such as SmolLM2; modelling
 * code: Hugging Face transformers, LlamaForCausalLM. RMS norms, rotary positions, shared key/value heads, gated MLP;
 * biases only where the config says so, then also of the output.
 */
export const llama = decoderFamily({
  ...LLAMA,
  describe(config, plain) {
    const bias = config.flag('attention_bias', false);
    refuseWindows(config, plain.layers);
    return {
      positions: readRotary(config, plain.headWidth, { base: 10_000 }),
      attention: { ...plain.attention, biases: { qkv: bias, out: bias } },
      mlp: gatedMlp(plain, config.flag('mlp_bias', false)),
    };
  },
});

/** Mistral (Jiang et al. 2023): as Llama, without biases, and with a window in every layer unless it is null. */
export const mistral = decoderFamily({
  ...LLAMA,
  modelType: 'mistral',
  architectures: ['MistralForCausalLM', 'MistralModel'],
  absent: { kvHeads: 8 },
  describe(config, plain) {
    const window = readWindows(config, plain.layers, { absent: 4096, slides: () => true, listDecides: false });
    return withWindows(config, plain, window);
  },
});

/** Qwen 2 and 2.5 (Yang et al. 2024): as Llama, with biases of queries, keys and values alone. */
export const qwen2 = decoderFamily({
  ...LLAMA,
  modelType: 'qwen2',
  bos: 'class-does-not',
  architectures: ['Qwen2ForCausalLM', 'Qwen2Model'],
  absent: { kvHeads: 32 },
  describe(config, plain) {
    const described = withWindows(config, plain, readUpperWindows(config, plain.layers));
    return { ...described, attention: { ...described.attention, biases: { qkv: true, out: false } } };
  },
});

/** Qwen 3 (Yang et al. 2025): as Llama, with an RMS norm of each head's queries and keys before rotary positions. */
export const qwen3 = decoderFamily({
  ...LLAMA,
  modelType: 'qwen3',
  bos: 'class-does-not',
  architectures: ['Qwen3ForCausalLM', 'Qwen3Model'],
  absent: { kvHeads: 32, headWidth: 128 },
  describe(config, plain) {
    const bias = config.flag('attention_bias', false);
    const described = withWindows(config, plain, readUpperWindows(config, plain.layers));
    const attention: ModelSpec['attention'] = {
      ...described.attention,
      qkNorm: { kind: 'rms', over: 'head' },
      biases: { qkv: bias, out: bias },
    };
    return { ...described, attention };
  },
});

/**
 * OLMo 2 (OLMo team 2024): as Llama, with norms of the sublayers' outputs instead of their inputs, and norms of queries
 * and keys over all heads together.
 */
export const olmo2 = decoderFamily({
  ...LLAMA,
  modelType: 'olmo2',
  bos: 'class-does-not',
  architectures: ['Olmo2ForCausalLM', 'Olmo2Model'],
  norm: { ...LLAMA.norm, absent: 1e-5 },
  describe(config, plain) {
    const bias = config.flag('attention_bias', false);
    refuseWindows(config, plain.layers);
    return {
      positions: readRotary(config, plain.headWidth, { base: 10_000 }),
      attention: {
        ...plain.attention,
        qkNorm: { kind: 'rms', over: 'projection' },
        biases: { qkv: bias, out: bias },
      },
      mlp: gatedMlp(plain),
      preNorms: false,
      postNorms: true,
    };
  },
});

function withWindows(
  config: ConfigReader,
  plain: PlainDecoder,
  window: ModelSpec['attention']['window'],
): Pick<ModelSpec, 'positions' | 'attention' | 'mlp'> {
  return {
    positions: readRotary(config, plain.headWidth, { base: 10_000 }),
    attention: { ...plain.attention, window },
    mlp: gatedMlp(plain),
  };
}

function gatedMlp({ activation }: PlainDecoder, biases = false): ModelSpec['mlp'] {
  return { kind: 'gated', activation, biases };
}

/**
 * Windows from layer max_window_layers on, or in the layers that the config lists, if use_sliding_window is true. The
 * width that a config gives otherwise has no meaning.
 */
function readUpperWindows(config: ConfigReader, layers: number): (number | null)[] {
  const from = config.value('max_window_layers') === 0 ? 0 : (config.optionalSize('max_window_layers', 10_000) ?? 28);
  if (config.flag('use_sliding_window', false)) {
    return readWindows(config, layers, { absent: 4096, slides: (layer) => layer >= from, listDecides: true });
  }
  return readWindows(config, layers, { absent: null, slides: () => false, listDecides: false });
}
