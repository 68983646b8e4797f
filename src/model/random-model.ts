import { createRng } from '../base/rng.js';
import { sha256 } from '../base/sha256.js';
import type { LoadedModel } from './load-model.js';
import type { Activation, ModelSpec } from './spec.js';
import { weightTable } from './weight-table.js';

/** Sizes of a GPT-2 shaped model; everything else takes GPT-2's values unless given. */
export interface Gpt2Sizes {
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  /** 0: attention only. */
  readonly mlpWidth: number;
  readonly vocab: number;
  readonly maxPositions: number;
  readonly activation?: Activation;
  readonly tied?: boolean;
}

export function gpt2Spec(sizes: Gpt2Sizes): ModelSpec {
  return {
    family: 'gpt2',
    layers: sizes.layers,
    heads: sizes.heads,
    kvHeads: sizes.heads,
    width: sizes.heads * sizes.headWidth,
    headWidth: sizes.headWidth,
    mlpWidth: sizes.mlpWidth,
    vocab: sizes.vocab,
    maxPositions: sizes.maxPositions,
    norm: { kind: 'layer', epsilon: 1e-5, onePlusGain: false },
    positions: { kind: 'learned' },
    block: 'sequential',
    attention: {
      scale: new Array<number>(sizes.layers).fill(1 / Math.sqrt(sizes.headWidth)),
      softcap: null,
      window: new Array<null>(sizes.layers).fill(null),
      qkNorm: null,
      biases: { qkv: true, out: true },
    },
    mlp: sizes.mlpWidth === 0 ? null : { kind: 'plain', activation: sizes.activation ?? 'gelu-tanh', biases: true },
    embeddingScale: 1,
    tied: sizes.tied ?? true,
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: null,
  };
}

/**
 * A model of random weights that depend on nothing but the description and the seed: every tensor has a generator of
 * its own, so that they can be read in any order. Matrices have standard deviation 0.7 / sqrt(rows), which keeps
 * activations of order one through the layers. Norms multiply by numbers around 1, so that gains stored as 1 + w lie
 * around 0.
 */
export async function randomModel(spec: ModelSpec, seed: number): Promise<LoadedModel> {
  const table = weightTable(spec);
  const names = [...table.keys()];
  return {
    name: `random-${seed}`,
    spec,
    hash: await sha256(JSON.stringify([spec, seed])),
    weights: {
      async read(name) {
        const shape = table.get(name)!;
        const rng = createRng(seed * 65_537 + names.indexOf(name));
        const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
        const isMatrix = shape.length === 2 && name !== 'embed' && name !== 'unembed' && name !== 'positions';
        const scale = isMatrix ? 0.7 / Math.sqrt(shape[0]!) : 0.3;
        const centre = name.endsWith('gain') && !spec.norm.onePlusGain ? 1 : 0;
        for (let i = 0; i < values.length; i++) values[i] = centre + scale * rng.normal();
        return values;
      },
    },
  };
}
