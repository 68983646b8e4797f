/** Small models of every family, in odd sizes: what a test of pieces, passes and gradients runs on. */
import type { ModelSpec, RotaryScaling, RotarySpec } from '../../src/model/spec.js';

/** Every family, and variants of a family that need other pieces. */
export const SMALL_FAMILIES = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gpt_neox_sequential',
  'llama',
  'llama3',
  'llama_biases',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma',
  'gemma2',
  'gemma3_text',
  'phi',
  'phi_qk_norm',
  'phi3',
  'olmo2',
] as const;

export type SmallFamily = (typeof SMALL_FAMILIES)[number];

/** Shorter than the prompts of tests, so that it hides keys. */
const WINDOW = 3;

/**
 * A small model of the family: 4 query heads on 2 key/value heads of width 6, or 4 of 4 where the family has as many,
 * a stream of 20, or 24 where it is as wide as the heads together.
 *
 * @param changes what is different; the number of layers, heads and their width count for what follows from them.
 */
export function smallSpec(family: SmallFamily, changes: Partial<ModelSpec> = {}): ModelSpec {
  const spec = SPECS[family]({ layers: 3, heads: 4, headWidth: 6, ...changes });
  return { ...spec, ...changes };
}

type Sizes = Pick<ModelSpec, 'layers' | 'heads' | 'headWidth'>;

const SPECS: Readonly<Record<SmallFamily, (sizes: Sizes) => ModelSpec>> = {
  gpt2: (sizes) => ({ ...oldStyle(sizes, 'gpt2'), tied: true }),
  gpt_neo: (sizes) => {
    const spec = oldStyle(sizes, 'gpt_neo');
    const attention = {
      ...spec.attention,
      scale: everyLayer(sizes, () => 1),
      window: everyLayer(sizes, (layer) => (layer % 2 === 1 ? WINDOW : null)),
      biases: { qkv: false, out: true },
    };
    return { ...spec, tied: true, attention };
  },
  gpt_neox: (sizes) => neox(sizes),
  gpt_neox_sequential: (sizes) => ({ ...neox(sizes), block: 'sequential' }),
  llama: (sizes) => llamaLike(sizes, 'llama'),
  llama3: (sizes) => ({
    ...llamaLike(sizes, 'llama'),
    positions: rotary(sizes.headWidth, 10_000, { kind: 'llama3', factor: 8, low: 1, high: 4, originalPositions: 512 }),
  }),
  llama_biases: (sizes) => {
    const spec = llamaLike(sizes, 'llama');
    return {
      ...spec,
      attention: { ...spec.attention, biases: { qkv: true, out: true } },
      mlp: { ...spec.mlp!, biases: true },
    };
  },
  mistral: (sizes) => {
    const spec = llamaLike(sizes, 'mistral');
    return { ...spec, attention: { ...spec.attention, window: everyLayer(sizes, () => WINDOW) } };
  },
  qwen2: (sizes) => {
    const spec = llamaLike(sizes, 'qwen2');
    return { ...spec, tied: true, attention: { ...spec.attention, biases: { qkv: true, out: false } } };
  },
  qwen3: (sizes) => {
    const spec = llamaLike(sizes, 'qwen3');
    return { ...spec, tied: true, attention: { ...spec.attention, qkNorm: { kind: 'rms', over: 'head' } } };
  },
  gemma: (sizes) => gemmaLike(sizes, 'gemma'),
  gemma2: (sizes) => {
    const spec = gemmaLike(sizes, 'gemma2');
    const attention = {
      ...spec.attention,
      scale: everyLayer(sizes, () => 10 ** -0.5),
      softcap: 3,
      window: everyLayer(sizes, (layer) => (layer % 2 === 0 ? WINDOW : null)),
    };
    return { ...spec, attention, logitSoftcap: 4, postNorms: true };
  },
  gemma3_text: (sizes) => {
    const spec = gemmaLike(sizes, 'gemma3_text');
    const attention: ModelSpec['attention'] = {
      ...spec.attention,
      scale: everyLayer(sizes, () => 10 ** -0.5),
      window: everyLayer(sizes, (layer) => ((layer + 1) % 2 === 0 ? null : WINDOW)),
      qkNorm: { kind: 'rms', over: 'head' },
    };
    const positions: RotarySpec = {
      kind: 'rotary',
      dims: sizes.headWidth,
      global: { base: 1_000_000, scaling: { kind: 'linear', factor: 8 } },
      local: { base: 10_000, scaling: null },
    };
    return { ...spec, attention, positions, postNorms: true };
  },
  phi: (sizes) => phi(sizes),
  phi_qk_norm: (sizes) => {
    const spec = phi(sizes);
    return { ...spec, kvHeads: 2, attention: { ...spec.attention, qkNorm: { kind: 'layer', over: 'head' } } };
  },
  phi3: (sizes) => {
    const spec = llamaLike(sizes, 'phi3');
    const window = everyLayer(sizes, () => WINDOW);
    return { ...spec, ...asWideAsHeads(sizes), positions: rotary(4), attention: { ...spec.attention, window } };
  },
  olmo2: (sizes) => {
    const spec = llamaLike(sizes, 'olmo2');
    const attention: ModelSpec['attention'] = { ...spec.attention, qkNorm: { kind: 'rms', over: 'projection' } };
    return { ...spec, attention, preNorms: false, postNorms: true };
  },
};

function everyLayer<T>({ layers }: Sizes, value: (layer: number) => T): T[] {
  return Array.from({ length: layers }, (_, layer) => value(layer));
}

function rotary(dims: number, base = 10_000, scaling: RotaryScaling | null = null): RotarySpec {
  return { kind: 'rotary', dims, global: { base, scaling }, local: { base, scaling } };
}

function asWideAsHeads({ heads, headWidth }: Sizes): Pick<ModelSpec, 'width'> {
  return { width: heads * headWidth };
}

/** Layer norms, biases everywhere, a plain MLP, as many key heads as query heads. */
function oldStyle(sizes: Sizes, family: string): ModelSpec {
  return {
    family,
    ...sizes,
    ...asWideAsHeads(sizes),
    kvHeads: sizes.heads,
    mlpWidth: 12,
    vocab: 37,
    maxPositions: 16,
    norm: { kind: 'layer', epsilon: 1e-5, onePlusGain: false },
    positions: { kind: 'learned' },
    block: 'sequential',
    attention: {
      scale: everyLayer(sizes, () => sizes.headWidth ** -0.5),
      softcap: null,
      window: everyLayer(sizes, () => null),
      qkNorm: null,
      biases: { qkv: true, out: true },
    },
    mlp: { kind: 'plain', activation: 'gelu-tanh', biases: true },
    embeddingScale: 1,
    tied: false,
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: 0,
  };
}

function neox(sizes: Sizes): ModelSpec {
  const mlp: ModelSpec['mlp'] = { kind: 'plain', activation: 'gelu', biases: true };
  return { ...oldStyle(sizes, 'gpt_neox'), positions: rotary(2), block: 'parallel', mlp };
}

function phi(sizes: Sizes): ModelSpec {
  return { ...oldStyle(sizes, 'phi'), positions: rotary(4), block: 'parallel-shared-norm', logitBias: true };
}

/** RMS norms, no biases, rotary positions, a gated MLP, shared key/value heads. */
function llamaLike(sizes: Sizes, family: string): ModelSpec {
  const spec = oldStyle(sizes, family);
  return {
    ...spec,
    width: 20,
    kvHeads: 2,
    norm: { kind: 'rms', epsilon: 1e-5, onePlusGain: false },
    positions: rotary(sizes.headWidth),
    attention: { ...spec.attention, biases: { qkv: false, out: false } },
    mlp: { kind: 'gated', activation: 'silu', biases: false },
  };
}

function gemmaLike(sizes: Sizes, family: string): ModelSpec {
  return {
    ...llamaLike(sizes, family),
    norm: { kind: 'rms', epsilon: 1e-6, onePlusGain: true },
    mlp: { kind: 'gated', activation: 'gelu-tanh', biases: false },
    embeddingScale: Math.sqrt(20),
    tied: true,
  };
}
