import { readFileSync } from 'node:fs';

/** The numbers of a config that sizes of tensors follow from. */
interface Config {
  readonly model_type: string;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim?: number;
  readonly vocab_size: number;
}

/** A tensor of a checkpoint, and how its numbers are spread. */
export interface SizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Mean of its numbers: that of a gain that leaves what it scales as it is, or 0. */
  readonly mean: 0 | 1;
}

/** A published model, as far as its size is concerned. */
export interface SizedModel {
  readonly config: Config;
  readonly tensors: readonly SizedTensor[];
}

/** Models whose sizes people work at. Their configs are those that were published. */
export const SIZED_MODELS = ['qwen-2.5-0.5b', 'llama-3.2-1b', 'gemma-2-2b'] as const;
export type SizedName = (typeof SIZED_MODELS)[number];

/** All of these have gated MLPs, RMS norms and tied embeddings. */
export function sizedModel(name: SizedName, root: string): SizedModel {
  const config = JSON.parse(readFileSync(`${root}test/golden/published-configs/${name}.json`, 'utf8')) as Config;
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads, vocab_size: vocab } = config;
  const { num_key_value_heads: kvHeads, head_dim: head = width / heads } = config;
  const isGemma = config.model_type === 'gemma2';
  const gain = (module: string): SizedTensor => ({
    name: `${module}.weight`,
    shape: [width],
    // Gemma's norms add 1 to their weight.
    mean: isGemma ? 0 : 1,
  });
  const matrix = (module: string, ...shape: number[]): SizedTensor => ({ name: `${module}.weight`, shape, mean: 0 });
  const projection = (module: string, columns: number): SizedTensor[] => [
    matrix(module, columns, width),
    ...(config.model_type === 'qwen2' ? [{ name: `${module}.bias`, shape: [columns], mean: 0 } as const] : []),
  ];
  const layer = (at: string): SizedTensor[] => [
    gain(`${at}.input_layernorm`),
    ...projection(`${at}.self_attn.q_proj`, heads * head),
    ...projection(`${at}.self_attn.k_proj`, kvHeads * head),
    ...projection(`${at}.self_attn.v_proj`, kvHeads * head),
    matrix(`${at}.self_attn.o_proj`, width, heads * head),
    gain(`${at}.post_attention_layernorm`),
    ...(isGemma ? [gain(`${at}.pre_feedforward_layernorm`), gain(`${at}.post_feedforward_layernorm`)] : []),
    matrix(`${at}.mlp.gate_proj`, inner, width),
    matrix(`${at}.mlp.up_proj`, inner, width),
    matrix(`${at}.mlp.down_proj`, width, inner),
  ];
  const layers = Array.from({ length: config.num_hidden_layers }, (_, l) => layer(`model.layers.${l}`)).flat();
  return { config, tensors: [matrix('model.embed_tokens', vocab, width), ...layers, gain('model.norm')] };
}
