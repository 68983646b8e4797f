import { decoderFamily } from './decoder-config.js';
import { readRotary } from './rotary-config.js';
import { refuseWindows } from './window-config.js';

/**
 * GPT-NeoX and Pythia (Black et al. 2022, Biderman et al. 2023; modelling code: Hugging Face transformers,
 * GPTNeoXForCausalLM): layer norms, biases, rotary positions in a part of each head, attention and MLP side by side,
 * each on a norm of its own, or one after the other.
 */
export const gptNeox = decoderFamily({
  modelType: 'gpt_neox',
  bos: 'class-does-not',
  architectures: ['GPTNeoXForCausalLM', 'GPTNeoXModel'],
  namings: [
    { prefix: 'gpt_neox.', unembed: 'embed_out.weight' },
    { prefix: '', unembed: 'embed_out.weight' },
  ],
  embed: 'embed_in.weight',
  aliases: { rope_theta: ['rotary_emb_base'], partial_rotary_factor: ['rotary_pct'] },
  norm: { kind: 'layer', key: 'layer_norm_eps', absent: 1e-5 },
  activation: { keys: ['hidden_act'], absent: 'gelu' },
  describe(config, plain) {
    const bias = config.flag('attention_bias', true);
    refuseWindows(config, plain.layers);
    config.fixed(plain.heads, ['num_key_value_heads']);
    config.fixed(plain.width / plain.heads, ['head_dim']);
    return {
      positions: readRotary(config, plain.headWidth, { base: 10_000, share: 0.25 }),
      block: config.flag('use_parallel_residual', true) ? 'parallel' : 'sequential',
      attention: { ...plain.attention, biases: { qkv: bias, out: bias } },
      mlp: { kind: 'plain', activation: plain.activation, biases: true },
    };
  },
  names({ heads, headWidth }) {
    // Rows are ordered by head, then q, k, v, then dimension.
    const rowsOfHead = 3 * headWidth;
    const projection = (branch: number) => ({
      name: 'attention.query_key_value',
      outputs: heads * rowsOfHead,
      part: { from: branch * headWidth, to: (branch + 1) * headWidth, every: rowsOfHead },
    });
    return {
      finalNorm: 'final_layer_norm',
      layers: 'layers',
      modules: {
        norm1: 'input_layernorm',
        q: projection(0),
        k: projection(1),
        v: projection(2),
        o: 'attention.dense',
        norm2: 'post_attention_layernorm',
        in: 'mlp.dense_h_to_4h',
        out: 'mlp.dense_4h_to_h',
      },
    };
  },
  isBeside: /\.attention\.(bias|masked_bias)$/,
});
