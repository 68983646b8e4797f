/** What the sublayers of one layer compute, each after its formula, from what they read. */
import type { Branch } from '../../src/circuit/nodes.js';
import { layerTensor } from '../../src/model/weight-table.js';
import { activateAll, matmul, type ScoreRule } from './ops.js';
import { rotaryFrequencies, rotate } from './rotary.js';
import type { Norm, Weights } from './weights.js';

/** Norms of rows, by the model or otherwise; `site` says which norm of the run it is. */
export type Normed = (site: string, x: Float64Array, norm: Norm) => Float64Array;

/** The key/value head that a query head reads. */
export function keyHead({ spec }: Weights, head: number): number {
  return Math.floor((head * spec.kvHeads) / spec.heads);
}

/** Scale, window and cap of a layer's scores. */
export function scoreRule({ spec: { attention } }: Weights, layer: number): ScoreRule {
  return { scale: attention.scale[layer]!, window: attention.window[layer]!, cap: attention.softcap };
}

/**
 * A query head's query, or the key or value that it reads, as the scores and the mix take them: normed and turned where
 * the model does so.
 *
 * @param x what the port reads, after the norm before the sublayer: [S, d].
 * @param site name of the norm of queries or keys of this port.
 */
export function project(
  weights: Weights,
  { layer, head, branch }: { readonly layer: number; readonly head: number; readonly branch: Branch },
  x: Float64Array,
  site: string,
  normed: Normed,
): Float64Array {
  const { spec } = weights;
  const { width, headWidth, attention, positions } = spec;
  const own = branch === 'q' ? head : keyHead(weights, head);
  const one = (each: number): Float64Array => {
    const bias = weights.optional(layer, `b${branch}`);
    const part = bias && bias.subarray(each * headWidth, (each + 1) * headWidth);
    return matmul(x, weights.headColumns(layer, `w${branch}`, each), part, width, headWidth);
  };
  if (branch === 'v') return one(own);
  const norm = (): Norm => weights.norm(layer, `${branch}norm`);
  const straight = (): Float64Array => {
    if (attention.qkNorm === null) return one(own);
    if (attention.qkNorm.over === 'head') return normed(site, one(own), norm());
    // The norm sees all heads of this port's own input.
    const heads = branch === 'q' ? spec.heads : spec.kvHeads;
    const all = Array.from({ length: heads }, (_, each) => one(each));
    const rows = x.length / width;
    const whole = new Float64Array(rows * heads * headWidth);
    for (let row = 0; row < rows; row++) {
      all.forEach((values, each) => {
        whole.set(values.subarray(row * headWidth, (row + 1) * headWidth), (row * heads + each) * headWidth);
      });
    }
    const y = normed(site, whole, norm());
    const taken = new Float64Array(rows * headWidth);
    for (let row = 0; row < rows; row++) {
      const start = (row * heads + own) * headWidth;
      taken.set(y.subarray(start, start + headWidth), row * headWidth);
    }
    return taken;
  };
  if (positions.kind === 'learned') return straight();
  const frequencies = attention.window[layer] === null ? positions.global : positions.local;
  return rotate(straight(), headWidth, rotaryFrequencies(positions.dims, frequencies));
}

/** Operations of an MLP that a run may do otherwise. */
export interface MlpRules {
  /** The activation, of a gated MLP that of its gate. */
  readonly activate?: (layer: number, hidden: Float64Array) => Float64Array;
  /** The product of a gated MLP's two halves. */
  readonly product?: (layer: number, gate: Float64Array, up: Float64Array) => Float64Array;
  /** Sees what W_out reads [S, F], and may give it other values. */
  readonly neurons?: (layer: number, values: Float64Array) => Float64Array | undefined;
}

/** What an activation reads, [S, F], and the product's other half, null for a plain MLP. */
export function mlpHidden(
  weights: Weights,
  layer: number,
  x: Float64Array,
): { readonly hidden: Float64Array; readonly up: Float64Array | null } {
  const { width, mlpWidth, mlp } = weights.spec;
  const half = (w: 'win' | 'wgate', b: 'bin' | 'bgate'): Float64Array =>
    matmul(x, weights.tensor(layerTensor(layer, w)), weights.optional(layer, b), width, mlpWidth);
  const up = half('win', 'bin');
  return mlp!.kind === 'gated' ? { hidden: half('wgate', 'bgate'), up } : { hidden: up, up: null };
}

/** W_out f(x W_in) or W_out (f(x W_gate) * (x W_in)), with biases: [S, d], before a norm of it. */
export function mlpOutput(weights: Weights, layer: number, x: Float64Array, rules: MlpRules = {}): Float64Array {
  const { width, mlpWidth, mlp } = weights.spec;
  const { hidden, up } = mlpHidden(weights, layer, x);
  const active = rules.activate?.(layer, hidden) ?? activateAll(mlp!.activation, hidden);
  const times = (other: Float64Array): Float64Array =>
    rules.product?.(layer, active, other) ?? active.map((value, i) => value * other[i]!);
  const product = up === null ? active : times(up);
  const inner = rules.neurons?.(layer, product) ?? product;
  return matmul(inner, weights.tensor(layerTensor(layer, 'wout')), weights.optional(layer, 'bout'), mlpWidth, width);
}
