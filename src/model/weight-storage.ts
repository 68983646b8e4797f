import { STORAGE_BYTES, type WeightStorage } from '../base/stored-values.js';
import { BRANCHES } from '../circuit/nodes.js';
import type { WeightReader } from './load-model.js';
import type { ModelSpec } from './spec.js';
import { weightTable, type TensorName } from './weight-table.js';

type Source = Pick<WeightReader, 'storage'>;

/** How tensors are stored that are side by side in one matrix on the device: as they are, or as f32 if they differ. */
export function matrixStorage(source: Source, tensors: readonly TensorName[]): WeightStorage {
  const storages = new Set(tensors.map((tensor) => source.storage?.(tensor) ?? 'f32'));
  return storages.size === 1 ? [...storages][0]! : 'f32';
}

/** Bytes of all tensors as the checkpoint stores them. */
export function storedBytes(spec: ModelSpec, source: Source): number {
  let total = 0;
  for (const [name, shape] of weightTable(spec)) total += STORAGE_BYTES[matrixStorage(source, [name])] * sizeOf(shape);
  return total;
}

/** Bytes of all tensors on the device by their storage there, without padding. */
export function deviceBytes(spec: ModelSpec, source: Source): ReadonlyMap<WeightStorage, number> {
  const bytes = new Map<WeightStorage, number>();
  for (const [name, shape] of weightTable(spec)) {
    const storage = isMatrix(name, shape) ? matrixStorage(source, besideIt(name)) : 'f32';
    bytes.set(storage, (bytes.get(storage) ?? 0) + STORAGE_BYTES[storage] * sizeOf(shape));
  }
  return bytes;
}

/** Vectors and learned positions are f32 on the device. */
function isMatrix(name: TensorName, shape: readonly number[]): boolean {
  return shape.length === 2 && name !== 'positions';
}

/** The tensors of the matrix that a tensor is part of: q, k and v are one. */
function besideIt(name: TensorName): TensorName[] {
  const layer = /^(layers\.\d+)\.w[qkv]$/.exec(name)?.[1] as `layers.${number}` | undefined;
  return layer === undefined ? [name] : BRANCHES.map((branch) => `${layer}.w${branch}` as const);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
