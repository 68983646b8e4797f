/** What the configs of the family fixtures say, in the terms of a ModelSpec. */
import { expect } from 'vitest';

const rotary = (dims: number, base: number, more: object = {}) => {
  const frequencies = { base, scaling: null };
  return { kind: 'rotary', dims, global: frequencies, local: frequencies, ...more };
};

/** What is told apart from Llama's description, by folder of the fixtures. */
export const EXPECTED: Readonly<Record<string, object>> = {
  gemma: {
    layers: 3,
    heads: 4,
    kvHeads: 1,
    width: 24,
    headWidth: 8,
    mlpWidth: 44,
    vocab: 66,
    maxPositions: 64,
    norm: {
      kind: 'rms',
      epsilon: 1e-6,
      onePlusGain: true,
    },
    embeddingScale: Math.sqrt(24),
    mlp: {
      kind: 'gated',
      activation: 'gelu-tanh',
      biases: false,
    },
    positions: rotary(8, 1e4),
    bosTokenId: 2,
  },
  gemma2: {
    attention: {
      scale: [12 ** -0.5, 12 ** -0.5, 12 ** -0.5],
      softcap: 3,
      window: [4, null, 4],
      qkNorm: null,
      biases: {
        qkv: false,
        out: false,
      },
    },
    logitSoftcap: 4,
    preNorms: true,
    postNorms: true,
    embeddingScale: Math.sqrt(30),
  },
  gemma3_linear: {
    positions: {
      kind: 'rotary',
      dims: 12,
      global: {
        base: 1e6,
        scaling: {
          kind: 'linear',
          factor: 8,
        },
      },
      local: {
        base: 1e4,
        scaling: null,
      },
    },
    attention: { window: [3, null], qkNorm: { kind: 'rms', over: 'head' }, softcap: null },
  },
  gemma3_text: {
    norm: { kind: 'rms', epsilon: 0.05, onePlusGain: true },
    positions: rotary(10, 1_000_000, { local: { base: 10_000, scaling: null } }),
    attention: {
      scale: [14 ** -0.5, 14 ** -0.5, 14 ** -0.5],
      softcap: null,
      window: [4, null, 4],
      qkNorm: { kind: 'rms', over: 'head' },
      biases: { qkv: false, out: false },
    },
    logitSoftcap: null,
  },
  gpt_neox: {
    norm: {
      kind: 'layer',
      epsilon: 1e-5,
      onePlusGain: false,
    },
    positions: rotary(4, 1e4),
    block: 'parallel',
    attention: {
      biases: {
        qkv: true,
        out: true,
      },
    },
    mlp: {
      kind: 'plain',
      activation: 'gelu',
      biases: true,
    },
    mlpWidth: 70,
    logitBias: false,
    embeddingScale: 1,
  },
  gpt_neox_hub: { block: 'parallel' },
  gpt_neox_seq: { block: 'sequential', positions: rotary(6, 10_000) },
  llama: {
    layers: 3,
    heads: 6,
    kvHeads: 2,
    width: 36,
    headWidth: 6,
    mlpWidth: 50,
    vocab: 71,
    maxPositions: 64,
    norm: {
      kind: 'rms',
      epsilon: 1e-5,
      onePlusGain: false,
    },
    positions: rotary(6, 1e4),
    block: 'sequential',
    attention: {
      scale: [6 ** -0.5, 6 ** -0.5, 6 ** -0.5].map((x) => expect.closeTo(x, 14) as number),
      softcap: null,
      window: [null, null, null],
      qkNorm: null,
      biases: {
        qkv: false,
        out: false,
      },
    },
    mlp: {
      kind: 'gated',
      activation: 'silu',
      biases: false,
    },
    embeddingScale: 1,
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: 1,
  },
  llama3: {
    positions: rotary(8, 10_000, {
      global: { base: 10_000, scaling: { kind: 'llama3', factor: 8, low: 1, high: 4, originalPositions: 128 } },
      local: { base: 10_000, scaling: { kind: 'llama3', factor: 8, low: 1, high: 4, originalPositions: 128 } },
    }),
  },
  llama_bf16: { width: 36 },
  llama_bias: {
    headWidth: 10,
    width: 24,
    heads: 3,
    positions: rotary(10, 500),
    attention: {
      biases: {
        qkv: true,
        out: true,
      },
    },
    mlp: { biases: true },
  },
  llama_pad: { width: 24 },
  mistral: { attention: { window: [4, 4], biases: { qkv: false, out: false } }, headWidth: 6 },
  phi: {
    norm: { kind: 'layer', epsilon: 1e-5, onePlusGain: false },
    block: 'parallel-shared-norm',
    positions: rotary(6, 10_000),
    attention: { biases: { qkv: true, out: true }, qkNorm: null },
    mlp: { kind: 'plain', activation: 'gelu-tanh', biases: true },
    logitBias: true,
  },
  phi3: { positions: rotary(6, 10_000), attention: { window: [null, null] }, mlp: { kind: 'gated' } },
  phi3_partial_swa: { positions: rotary(6, 10_000), attention: { window: [4, 4] } },
  phi_qkln: {
    norm: { kind: 'layer', epsilon: 0.01, onePlusGain: false },
    kvHeads: 2,
    positions: rotary(4, 10_000),
    attention: { qkNorm: { kind: 'layer', over: 'head' } },
  },
  qwen2: {
    positions: rotary(6, 1_000_000),
    attention: { window: [null, null, null], biases: { qkv: true, out: false } },
    mlp: { biases: false },
  },
  qwen2_swa: { attention: { window: [null, 3] } },
  qwen3: {
    headWidth: 10,
    attention: { qkNorm: { kind: 'rms', over: 'head' }, biases: { qkv: false, out: false } },
  },
  qwen3_sharded: { headWidth: 10 },
};
