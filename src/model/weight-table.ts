import type { ModelSpec } from './spec.js';

/**
 * Tensors of one layer. `norm1` and `norm2` come before attention and MLP, `postnorm1` and `postnorm2` after them;
 * `qnorm` and `knorm` are those of queries and keys. `win` is the gated MLP's up projection, `wgate` its gate.
 */
export type LayerTensor =
  | `${NormName}.${'gain' | 'bias'}`
  | 'wq'
  | 'bq'
  | 'wk'
  | 'bk'
  | 'wv'
  | 'bv'
  | 'wo'
  | 'bo'
  | 'wgate'
  | 'bgate'
  | 'win'
  | 'bin'
  | 'wout'
  | 'bout';

export type NormName = 'norm1' | 'norm2' | 'postnorm1' | 'postnorm2' | 'qnorm' | 'knorm';

/** The matrices and biases of an MLP, without its norms. */
export const MLP_TENSORS: readonly LayerTensor[] = ['wgate', 'bgate', 'win', 'bin', 'wout', 'bout'];

/** The neutral name of a weight tensor: what the engine asks for, whatever a checkpoint calls it. */
export type TensorName =
  | 'embed'
  | 'positions'
  | 'normf.gain'
  | 'normf.bias'
  | 'unembed'
  | 'bu'
  | `layers.${number}.${LayerTensor}`;

export function layerTensor(layer: number, tensor: LayerTensor): TensorName {
  return `layers.${layer}.${tensor}`;
}

/**
 * Every tensor that a model of this description has, with its shape, in the order of the forward pass.
 *
 * Matrices are row-major [in, out], so that y = x W + b; `wq` [d, H dh] has the heads' columns one after the other,
 * `wo` [H dh, d] the heads' rows. `embed` and `unembed` are [V, d]; `unembed` is absent where the model is tied.
 */
export function weightTable(spec: ModelSpec): ReadonlyMap<TensorName, readonly number[]> {
  const { width: d, mlpWidth, vocab, headWidth } = spec;
  const queryWidth = spec.heads * headWidth;
  const keyWidth = spec.kvHeads * headWidth;
  const { qkNorm } = spec.attention;
  const table = new Map<TensorName, readonly number[]>();
  const addNorm = (prefix: 'normf' | `layers.${number}.${NormName}`, width = d, kind = spec.norm.kind): void => {
    table.set(`${prefix}.gain`, [width]);
    if (kind === 'layer') table.set(`${prefix}.bias`, [width]);
  };

  table.set('embed', [vocab, d]);
  if (spec.positions.kind === 'learned') table.set('positions', [spec.maxPositions, d]);
  for (let layer = 0; layer < spec.layers; layer++) {
    const add = (tensor: LayerTensor, ...shape: number[]): void => void table.set(layerTensor(layer, tensor), shape);
    if (spec.preNorms) addNorm(`layers.${layer}.norm1`);
    add('wq', d, queryWidth);
    add('wk', d, keyWidth);
    add('wv', d, keyWidth);
    if (spec.attention.biases.qkv) {
      add('bq', queryWidth);
      add('bk', keyWidth);
      add('bv', keyWidth);
    }
    if (qkNorm) {
      addNorm(`layers.${layer}.qnorm`, qkNorm.over === 'head' ? headWidth : queryWidth, qkNorm.kind);
      addNorm(`layers.${layer}.knorm`, qkNorm.over === 'head' ? headWidth : keyWidth, qkNorm.kind);
    }
    add('wo', queryWidth, d);
    if (spec.attention.biases.out) add('bo', d);
    if (spec.postNorms) addNorm(`layers.${layer}.postnorm1`);
    if (spec.mlp === null) continue;
    if (spec.preNorms && spec.block !== 'parallel-shared-norm') addNorm(`layers.${layer}.norm2`);
    const gated = spec.mlp.kind === 'gated';
    if (gated) add('wgate', d, mlpWidth);
    if (gated && spec.mlp.biases) add('bgate', mlpWidth);
    add('win', d, mlpWidth);
    if (spec.mlp.biases) add('bin', mlpWidth);
    add('wout', mlpWidth, d);
    if (spec.mlp.biases) add('bout', d);
    if (spec.postNorms) addNorm(`layers.${layer}.postnorm2`);
  }
  addNorm('normf');
  if (!spec.tied) table.set('unembed', [vocab, d]);
  if (spec.logitBias) table.set('bu', [vocab]);
  return table;
}
