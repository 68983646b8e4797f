import type { ModelSpec } from '../spec.js';
import type { Naming } from './family.js';
import type { ModuleNames } from './linear-places.js';

/** Of a bare model, and of one with an unembedding. */
export const LLAMA_NAMINGS: readonly Naming[] = [
  { prefix: 'model.', unembed: 'lm_head.weight' },
  { prefix: '', unembed: 'lm_head.weight' },
];

export const LLAMA_EMBED = 'embed_tokens.weight';

/** Names of Llama's modelling code, which many families took over. */
export function llamaNames({ preNorms, postNorms }: ModelSpec): ModuleNames {
  return {
    finalNorm: 'norm',
    layers: 'layers',
    modules: {
      norm1: 'input_layernorm',
      // With norms after the sublayers, this name is the one after attention. Without them, it comes before the MLP.
      norm2: preNorms && postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm',
      postnorm1: 'post_attention_layernorm',
      postnorm2: 'post_feedforward_layernorm',
      q: 'self_attn.q_proj',
      k: 'self_attn.k_proj',
      v: 'self_attn.v_proj',
      o: 'self_attn.o_proj',
      qnorm: 'self_attn.q_norm',
      knorm: 'self_attn.k_norm',
      gate: 'mlp.gate_proj',
      in: 'mlp.up_proj',
      out: 'mlp.down_proj',
    },
  };
}
