import { bfloat16ToFloat32, float16ToFloat32 } from './half.js';

/** Types of numbers that weights are stored in, in a checkpoint and on the device. */
export const WEIGHT_STORAGES = ['f32', 'f16', 'bf16'] as const;
export type WeightStorage = (typeof WEIGHT_STORAGES)[number];

/** Numbers as they are stored: f32 values, or the bits of 16-bit floats. */
export type StoredValues =
  | { readonly storage: 'f32'; readonly values: Float32Array<ArrayBuffer> }
  | { readonly storage: 'f16' | 'bf16'; readonly values: Uint16Array<ArrayBuffer> };

/** Bytes of one number. */
export const STORAGE_BYTES: Readonly<Record<WeightStorage, number>> = { f32: 4, f16: 2, bf16: 2 };

/** The values as f32: exact, for f32 holds every value of the 16-bit types. */
export function widened({ storage, values }: StoredValues): Float32Array<ArrayBuffer> {
  if (storage === 'f32') return values;
  return storage === 'f16' ? float16ToFloat32(values) : bfloat16ToFloat32(values);
}
