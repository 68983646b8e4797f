import { gpt2Spec } from '../model/random-model.js';
import type { ModelSpec, RotarySpec } from '../model/spec.js';

// Four small models that have between them every piece that a GPT-2 lacks. No width is a multiple of four.

const SIZES = { layers: 2, heads: 4, headWidth: 6, mlpWidth: 27, vocab: 61, maxPositions: 16, tied: false };
const plain = gpt2Spec(SIZES);

const everyLayer = <T>(value: (layer: number) => T): T[] => [0, 1].map(value);

function rotary(dims: number, change: Partial<RotarySpec> = {}): RotarySpec {
  const same = { base: 10_000, scaling: null };
  return { kind: 'rotary', dims, global: same, local: same, ...change };
}

/** RMS norms, shared keys and values, no biases but those of q, k and v, a gated MLP. */
const llama: ModelSpec = {
  ...plain,
  family: 'llama',
  kvHeads: 2,
  width: 21,
  norm: { kind: 'rms', epsilon: 1e-5, onePlusGain: false },
  positions: rotary(6, {
    global: { base: 500_000, scaling: { kind: 'llama3', factor: 8, low: 1, high: 4, originalPositions: 64 } },
  }),
  attention: {
    ...plain.attention,
    window: everyLayer((layer) => (layer === 1 ? 3 : null)),
    qkNorm: { kind: 'rms', over: 'head' },
    biases: { qkv: true, out: false },
  },
  mlp: { kind: 'gated', activation: 'silu', biases: true },
};

/** Attention and MLP side by side behind one layer norm, positions in some dimensions, biases of the logits. */
const phi: ModelSpec = {
  ...plain,
  family: 'phi',
  block: 'parallel-shared-norm',
  positions: rotary(4),
  attention: { ...plain.attention, qkNorm: { kind: 'layer', over: 'head' } },
  mlp: { kind: 'plain', activation: 'gelu', biases: true },
  logitBias: true,
};

/** Gains stored less 1, norms before and after, caps of scores and logits, two kinds of layers. */
const gemma: ModelSpec = {
  ...llama,
  family: 'gemma2',
  norm: { kind: 'rms', epsilon: 1e-6, onePlusGain: true },
  positions: rotary(6, { global: { base: 1_000_000, scaling: { kind: 'linear', factor: 8 } } }),
  attention: {
    ...plain.attention,
    softcap: 2,
    window: everyLayer((layer) => (layer === 0 ? 4 : null)),
    biases: { qkv: false, out: true },
  },
  mlp: { kind: 'gated', activation: 'gelu-tanh', biases: false },
  embeddingScale: Math.sqrt(21),
  tied: true,
  logitSoftcap: 3,
  postNorms: true,
};

/** Norms after the sublayers alone, and of all heads' queries and keys together. */
const olmo2: ModelSpec = {
  ...llama,
  family: 'olmo2',
  positions: rotary(6),
  attention: {
    ...plain.attention,
    qkNorm: { kind: 'rms', over: 'projection' },
    biases: { qkv: false, out: false },
  },
  mlp: { kind: 'gated', activation: 'silu', biases: false },
  preNorms: false,
  postNorms: true,
};

export const FAMILY_SPECS = { llama, phi, gemma, olmo2 } as const;

/** The small model that has the pieces of a model; null where these are a GPT-2's, see CHECK_CASES. */
export function smallModelLike({ norm, positions, preNorms, postNorms, block }: ModelSpec): ModelSpec | null {
  if (!preNorms) return olmo2;
  if (postNorms) return gemma;
  if (norm.kind === 'rms') return llama;
  return positions.kind === 'rotary' || block !== 'sequential' ? phi : null;
}
