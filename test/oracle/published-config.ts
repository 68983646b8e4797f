/**
 * config.json of every family to a ModelSpec, restated from the Hugging Face modelling code on its own: what src makes
 * of the same files is compared with it. No checks, no refusals.
 */
import type { Activation, ModelSpec, RotaryFrequencies, RotarySpec } from '../../src/model/spec.js';

type Config = Readonly<Record<string, unknown>>;

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
  silu: 'silu',
};

/** @param tied whether the checkpoint has no unembedding: configs leave the key out where it is the default. */
export function specOfConfig(config: Config, tied: boolean): ModelSpec {
  const first = <T>(...names: readonly string[]): T | undefined =>
    names.map((name) => config[name] as T | null | undefined).find((value) => value !== null && value !== undefined);
  const number = (...names: readonly string[]): number => first<number>(...names)!;
  const family = config['model_type'] as string;
  const is = (...families: readonly string[]): boolean => families.includes(family);
  const gemma = family.startsWith('gemma');
  const laterGemma = gemma && family !== 'gemma';
  const layers = number('n_layer', 'num_hidden_layers', 'num_layers');
  const heads = number('n_head', 'num_attention_heads', 'num_heads');
  const width = number('n_embd', 'hidden_size');
  const headWidth = first<number>('head_dim') ?? width / heads;
  const window = windows(config, family, layers);
  const layerNorms = is('gpt2', 'gpt_neo', 'gpt_neox', 'phi');
  const attentionBias = first<boolean>('attention_bias');
  const scaleOf = (layer: number): number => {
    if (family === 'gpt_neo' || first('scale_attn_weights') === false) return 1;
    const scalar = laterGemma ? number('query_pre_attn_scalar') : headWidth;
    // As the modelling code writes it: GPT-2 divides by the root, later families raise to a power.
    if (family !== 'gpt2') return scalar ** -0.5;
    return 1 / Math.sqrt(scalar) / (first('scale_attn_by_inverse_layer_idx') === true ? layer + 1 : 1);
  };
  const biases = {
    qkv: is('gpt2', 'phi', 'qwen2') || (attentionBias ?? family === 'gpt_neox'),
    out: is('gpt2', 'gpt_neo', 'phi') || (attentionBias ?? family === 'gpt_neox'),
  };
  const rotary: RotarySpec = {
    kind: 'rotary',
    // Truncated, as in Python's int().
    dims: Math.trunc(headWidth * rotaryShare(config, family)),
    global: frequencies(config, 'full_attention'),
    local: frequencies(config, family === 'gemma3_text' ? 'sliding_attention' : 'full_attention'),
  };
  // Since transformers 4.48 Gemma 1 takes hidden_act; a hidden_activation that is set says what was trained.
  const activation = first<string>('hidden_activation', 'hidden_act', 'activation_function')!;
  const block = family === 'phi' ? 'parallel-shared-norm' : 'parallel';
  const parallel = is('phi') || (family === 'gpt_neox' && first('use_parallel_residual') !== false);
  const projectionNorms = family === 'olmo2' ? ('projection' as const) : ('head' as const);
  const phiNorms = family === 'phi' && first('qk_layernorm') === true;
  const normed = is('qwen3', 'gemma3_text', 'olmo2') || phiNorms;
  return {
    family,
    layers,
    heads,
    kvHeads: first<number>('num_key_value_heads') ?? heads,
    width,
    headWidth,
    mlpWidth: first<number>('n_inner', 'intermediate_size') ?? 4 * width,
    vocab: number('vocab_size'),
    maxPositions: number('n_positions', 'max_position_embeddings'),
    norm: {
      kind: layerNorms ? 'layer' : 'rms',
      epsilon: number('layer_norm_epsilon', 'layer_norm_eps', 'rms_norm_eps'),
      onePlusGain: gemma,
    },
    positions: is('gpt2', 'gpt_neo') ? { kind: 'learned' } : rotary,
    block: parallel ? block : 'sequential',
    attention: {
      scale: Array.from({ length: layers }, (_, layer) => scaleOf(layer)),
      // Gemma 3 has the key too, but never passes it on.
      softcap: family === 'gemma2' ? (first<number>('attn_logit_softcapping') ?? null) : null,
      window,
      qkNorm: normed ? { kind: phiNorms ? 'layer' : 'rms', over: projectionNorms } : null,
      biases,
    },
    mlp: {
      kind: layerNorms ? 'plain' : 'gated',
      activation: ACTIVATIONS[activation]!,
      biases: layerNorms || first('mlp_bias') === true,
    },
    embeddingScale: gemma ? Math.sqrt(width) : 1,
    tied,
    logitBias: family === 'phi',
    logitSoftcap: laterGemma ? (first<number>('final_logit_softcapping') ?? null) : null,
    preNorms: family !== 'olmo2',
    postNorms: laterGemma || family === 'olmo2',
    bosTokenId: first<number>('bos_token_id') ?? null,
  };
}

/** The window of every layer, or null. */
function windows(config: Config, family: string, layers: number): (number | null)[] {
  const size = (config['sliding_window'] ?? config['window_size'] ?? null) as number | null;
  const types = (config['layer_types'] ?? config['attention_layers'] ?? neoLayers(config)) as
    | readonly string[]
    | undefined;
  const slides = (layer: number): boolean => {
    if (types) return types[layer] === 'sliding_attention' || types[layer] === 'local';
    switch (family) {
      case 'mistral':
      case 'phi3':
        return true;
      case 'qwen2':
      case 'qwen3':
        return config['use_sliding_window'] === true && layer >= (config['max_window_layers'] as number);
      case 'gemma2':
        return layer % 2 === 0;
      case 'gemma3_text':
        return (layer + 1) % ((config['sliding_window_pattern'] ?? 6) as number) !== 0;
      default:
        return false;
    }
  };
  return Array.from({ length: layers }, (_, layer) => (slides(layer) ? size : null));
}

/** GPT-Neo's attention_types: pairs of a list of kinds of layers and how often it is repeated. */
function neoLayers(config: Config): string[] | undefined {
  const types = config['attention_types'] as readonly (readonly [readonly string[], number])[] | undefined;
  return types?.flatMap(([kinds, times]) => Array.from({ length: times }, () => kinds).flat());
}

/** rope_parameters of transformers 5, of one kind of layer where they differ. */
function ropeParameters(config: Config, layerType: string): Config | undefined {
  const all = config['rope_parameters'] as Config | undefined;
  return (all?.[layerType] as Config | undefined) ?? all;
}

function rotaryShare(config: Config, family: string): number {
  const stated =
    ropeParameters(config, 'full_attention')?.['partial_rotary_factor'] ??
    config['rotary_pct'] ??
    config['partial_rotary_factor'];
  return (stated ?? { gpt_neox: 0.25, phi: 0.5 }[family] ?? 1) as number;
}

function frequencies(config: Config, layerType: 'full_attention' | 'sliding_attention'): RotaryFrequencies {
  const sliding = layerType === 'sliding_attention';
  const nested = ropeParameters(config, layerType);
  const flatBase = sliding ? config['rope_local_base_freq'] : (config['rope_theta'] ?? config['rotary_emb_base']);
  const base = (nested?.['rope_theta'] ?? flatBase ?? 10_000) as number;
  const scaling = nested ?? (sliding ? null : (config['rope_scaling'] as Config | null | undefined)) ?? null;
  const of = (name: string): number => scaling![name] as number;
  switch (scaling?.['rope_type'] ?? scaling?.['type']) {
    case 'linear':
      return { base, scaling: { kind: 'linear', factor: of('factor') } };
    case 'llama3': {
      const [low, high] = [of('low_freq_factor'), of('high_freq_factor')];
      const originalPositions = of('original_max_position_embeddings');
      return { base, scaling: { kind: 'llama3', factor: of('factor'), low, high, originalPositions } };
    }
    default:
      return { base, scaling: null };
  }
}
