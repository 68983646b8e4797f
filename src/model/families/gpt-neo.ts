import type { ConfigReader } from '../../checkpoint/config-reader.js';
import { decoderFamily, MAX_SIZE } from './decoder-config.js';

/**
 * GPT-Neo (Black et al. 2021; modelling code: Hugging Face transformers, GPTNeoForCausalLM): as GPT-2, with windows in
 * some layers, scores that are not divided by sqrt(dh), and no biases of queries, keys and values.
 */
export const gptNeo = decoderFamily({
  modelType: 'gpt_neo',
  bos: 'config',
  architectures: ['GPTNeoForCausalLM', 'GPTNeoModel'],
  namings: [
    { prefix: 'transformer.', unembed: 'lm_head.weight' },
    { prefix: '', unembed: 'lm_head.weight' },
  ],
  embed: 'wte.weight',
  aliases: { num_hidden_layers: ['num_layers'], num_attention_heads: ['num_heads'] },
  norm: { kind: 'layer', key: 'layer_norm_epsilon', absent: 1e-5 },
  activation: { keys: ['activation_function'], absent: 'gelu_new' },
  mlpFactor: 4,
  describe(config, plain) {
    config.fixed(plain.heads, ['num_key_value_heads']);
    config.fixed(plain.width / plain.heads, ['head_dim']);
    const window = config.optionalSize('window_size', MAX_SIZE) ?? 256;
    return {
      positions: { kind: 'learned' },
      attention: {
        ...plain.attention,
        scale: plain.attention.scale.map(() => 1),
        window: readLocalLayers(config, plain.layers).map((isLocal) => (isLocal ? window : null)),
        biases: { qkv: false, out: true },
      },
      mlp: { kind: 'plain', activation: plain.activation, biases: true },
    };
  },
  names: () => ({
    positions: 'wpe.weight',
    finalNorm: 'ln_f',
    layers: 'h',
    modules: {
      norm1: 'ln_1',
      q: 'attn.attention.q_proj',
      k: 'attn.attention.k_proj',
      v: 'attn.attention.v_proj',
      o: 'attn.attention.out_proj',
      norm2: 'ln_2',
      in: 'mlp.c_fc',
      out: 'mlp.c_proj',
    },
  }),
  isBeside: /\.attn\.attention\.(bias|masked_bias)$/,
});

/**
 * Of each layer, whether it sees a window alone: attention_types as pairs of a list of kinds and how often it is
 * repeated, attention_layers layer by layer. Either may be absent; both must agree.
 */
function readLocalLayers(config: ConfigReader, layers: number): boolean[] {
  const types = config.value('attention_types') ?? undefined;
  const listed = config.value('attention_layers') ?? undefined;
  const expanded = types === undefined ? listed : expand(types, layers);
  const isList = Array.isArray(expanded) && expanded.every((kind) => kind === 'global' || kind === 'local');
  if (!isList || expanded.length !== layers) {
    const key = types === undefined && listed !== undefined ? 'attention_layers' : 'attention_types';
    const form = key === 'attention_layers' ? 'a list of' : 'pairs [[kinds], times] of kinds';
    return config.fail(key, `${form} global or local, for ${layers} layers together`);
  }
  if (listed !== undefined && JSON.stringify(listed) !== JSON.stringify(expanded)) {
    config.fail('attention_layers', 'the same as attention_types says');
  }
  return expanded.map((kind) => kind === 'local');
}

function expand(types: unknown, layers: number): unknown[] | undefined {
  if (!Array.isArray(types)) return undefined;
  const kinds: unknown[] = [];
  for (const type of types as unknown[]) {
    const [list, times] = Array.isArray(type) ? (type as unknown[]) : [];
    if (!Array.isArray(list) || typeof times !== 'number' || !Number.isInteger(times) || times < 0) return undefined;
    for (let i = 0; i < times && kinds.length <= layers; i++) kinds.push(...(list as unknown[]));
  }
  return kinds;
}
