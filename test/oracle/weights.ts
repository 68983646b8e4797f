/** The weights of a model in float64, by what they do. */
import type { LoadedModel } from '../../src/model/load-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import {
  layerTensor,
  weightTable,
  type LayerTensor,
  type NormName,
  type TensorName,
} from '../../src/model/weight-table.js';
import { layerNorm, rmsNorm } from './ops.js';

/** A norm of rows of `gain.length` values. */
export interface Norm {
  readonly kind: 'layer' | 'rms';
  /** What it multiplies by: 1 + w where the stored gain is w. */
  readonly gain: Float64Array;
  /** Zeros for an RMS norm. */
  readonly bias: Float64Array;
  readonly epsilon: number;
}

export interface Weights {
  readonly spec: ModelSpec;
  /** A stored tensor. @throws where the model has none of that name. */
  tensor(name: TensorName): Float64Array;
  /** A tensor of a layer that not every model has, null where this one has none. */
  optional(layer: number, name: LayerTensor): Float64Array | null;
  norm(layer: number, name: NormName): Norm;
  readonly finalNorm: Norm;
  /** Columns of one head of a layer's projection [d, heads dh], as [d, dh]. */
  headColumns(layer: number, name: 'wq' | 'wk' | 'wv', head: number): Float64Array;
}

/** Reads all weights of a model into float64. */
export async function readTensors({ spec, weights }: LoadedModel): Promise<ReadonlyMap<TensorName, Float64Array>> {
  const tensors = new Map<TensorName, Float64Array>();
  for (const name of weightTable(spec).keys()) tensors.set(name, Float64Array.from(await weights.read(name)));
  return tensors;
}

export function weightsOf(spec: ModelSpec, tensors: ReadonlyMap<TensorName, Float64Array>): Weights {
  const kept = new Map<string, unknown>();
  const once = <T>(key: string, make: () => T): T => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key) as T;
  };
  const tensor = (name: TensorName): Float64Array => {
    const values = tensors.get(name);
    if (!values) throw new Error(`no tensor ${name}`);
    return values;
  };
  const norm = (prefix: 'normf' | `layers.${number}.${NormName}`, kind: Norm['kind']): Norm =>
    once(prefix, () => {
      const stored = tensor(`${prefix}.gain`);
      const gain = spec.norm.onePlusGain ? stored.map((w) => 1 + w) : stored;
      const bias = kind === 'layer' ? tensor(`${prefix}.bias`) : new Float64Array(gain.length);
      return { kind, gain, bias, epsilon: spec.norm.epsilon };
    });
  return {
    spec,
    tensor,
    optional: (layer, name) => tensors.get(layerTensor(layer, name)) ?? null,
    norm(layer, name) {
      const kind = name === 'qnorm' || name === 'knorm' ? spec.attention.qkNorm!.kind : spec.norm.kind;
      return norm(`layers.${layer}.${name}`, kind);
    },
    finalNorm: norm('normf', spec.norm.kind),
    headColumns(layer, name, head) {
      return once(`${layer} ${name} ${head}`, () => {
        const matrix = tensor(layerTensor(layer, name));
        return columnsOf(matrix, matrix.length / spec.width, head * spec.headWidth, spec.headWidth);
      });
    },
  };
}

export function normRows(x: Float64Array, { kind, gain, bias, epsilon }: Norm): Float64Array {
  return kind === 'layer' ? layerNorm(x, gain, bias, epsilon) : rmsNorm(x, gain, epsilon);
}

/** The same norm with the scale of its rows at `there`. */
export function frozenNorm(x: Float64Array, there: Float64Array, { kind, gain, bias, epsilon }: Norm): Float64Array {
  const width = gain.length;
  const y = new Float64Array(x.length);
  const average = (row: Float64Array): number => row.reduce((sum, value) => sum + value / width, 0);
  const centre = (row: Float64Array): Float64Array => {
    const mean = kind === 'layer' ? average(row) : 0;
    return row.map((value) => value - mean);
  };
  for (let start = 0; start < x.length; start += width) {
    const square = average(centre(there.subarray(start, start + width)).map((value) => value ** 2));
    const scale = 1 / Math.sqrt(square + epsilon);
    centre(x.subarray(start, start + width)).forEach((value, i) => {
      y[start + i] = value * scale * gain[i]! + bias[i]!;
    });
  }
  return y;
}

/** Columns from..from+count-1 of a row-major matrix of `width` columns. */
function columnsOf(matrix: Float64Array, width: number, from: number, count: number): Float64Array {
  const taken = new Float64Array((matrix.length / width) * count);
  for (let row = 0; row * width < matrix.length; row++) {
    taken.set(matrix.subarray(row * width + from, row * width + from + count), row * count);
  }
  return taken;
}
