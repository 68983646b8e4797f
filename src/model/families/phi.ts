import type { Dialect } from './decoder-config.js';
import { decoderFamily } from './decoder-config.js';
import { LLAMA_EMBED, LLAMA_NAMINGS, llamaNames } from './llama-names.js';
import { readRotary } from './rotary-config.js';
import { readWindows, refuseWindows } from './window-config.js';

/** Published configs point to modelling code of their own, from before the library had the family. */
const OWN_CODE: Dialect['inert'] = [{ reason: 'the code that it names computes the same', keys: ['auto_map'] }];

/**
 * Phi 1, 1.5 and 2 (Gunasekar et al. 2023; modelling code: Hugging Face transformers, PhiForCausalLM): attention and
 * MLP side by side on one norm, biases everywhere, also of the logits, and rotary positions in a part of each head.
 */
export const phi = decoderFamily({
  modelType: 'phi',
  bos: 'class-does-not',
  architectures: ['PhiForCausalLM', 'PhiModel'],
  namings: LLAMA_NAMINGS,
  embed: LLAMA_EMBED,
  norm: { kind: 'layer', key: 'layer_norm_eps', absent: 1e-5 },
  activation: { keys: ['hidden_act'], absent: 'gelu_new' },
  inert: OWN_CODE,
  describe(config, plain) {
    refuseWindows(config, plain.layers);
    return {
      positions: readRotary(config, plain.headWidth, { base: 10_000, share: 0.5 }),
      block: 'parallel-shared-norm',
      attention: {
        ...plain.attention,
        qkNorm: config.flag('qk_layernorm', false) ? { kind: 'layer', over: 'head' } : null,
        biases: { qkv: true, out: true },
      },
      mlp: { kind: 'plain', activation: plain.activation, biases: true },
      logitBias: true,
    };
  },
  names: () => ({
    finalNorm: 'final_layernorm',
    layers: 'layers',
    modules: {
      norm1: 'input_layernorm',
      q: 'self_attn.q_proj',
      k: 'self_attn.k_proj',
      v: 'self_attn.v_proj',
      o: 'self_attn.dense',
      qnorm: 'self_attn.q_layernorm',
      knorm: 'self_attn.k_layernorm',
      in: 'mlp.fc1',
      out: 'mlp.fc2',
    },
  }),
});

/**
 * Phi 3 of short context, and Phi 4 (Abdin et al. 2024; modelling code: Hugging Face transformers, Phi3ForCausalLM): as
 * Llama, with q, k and v in one matrix, and gate and up projection in another.
 */
export const phi3 = decoderFamily({
  modelType: 'phi3',
  bos: 'class-does',
  architectures: ['Phi3ForCausalLM', 'Phi3Model'],
  namings: LLAMA_NAMINGS,
  embed: LLAMA_EMBED,
  norm: { kind: 'rms', key: 'rms_norm_eps', absent: 1e-5 },
  activation: { keys: ['hidden_act'], absent: 'silu' },
  inert: [
    ...OWN_CODE,
    {
      reason: 'of the scaling for long context, which is refused',
      keys: ['ignore_keys_at_rope_validation', 'original_max_position_embeddings'],
    },
  ],
  describe(config, plain) {
    const window = readWindows(config, plain.layers, { absent: null, slides: () => true, listDecides: false });
    return {
      positions: readRotary(config, plain.headWidth, { base: 10_000, share: 1 }),
      attention: { ...plain.attention, window },
      mlp: { kind: 'gated', activation: plain.activation, biases: false },
    };
  },
  names(spec) {
    const { heads, kvHeads, headWidth, mlpWidth } = spec;
    const [q, kv] = [heads * headWidth, kvHeads * headWidth];
    const projection = (from: number, width: number) => ({
      name: 'self_attn.qkv_proj',
      outputs: q + 2 * kv,
      part: { from, to: from + width },
    });
    const hidden = (from: number) => ({
      name: 'mlp.gate_up_proj',
      outputs: 2 * mlpWidth,
      part: { from, to: from + mlpWidth },
    });
    const names = llamaNames(spec);
    const fused = {
      q: projection(0, q),
      k: projection(q, kv),
      v: projection(q + kv, kv),
      gate: hidden(0),
      in: hidden(mlpWidth),
    };
    return { ...names, modules: { ...names.modules, ...fused } };
  },
});
