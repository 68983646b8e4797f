/** Numbers in the 16-bit types of checkpoints. */
import { widened, type StoredValues, type WeightStorage } from '../../src/base/stored-values.js';

/** The numbers in a storage, rounded where it is of 16 bits. */
export function narrowed(values: Float32Array<ArrayBuffer>, storage: WeightStorage): StoredValues {
  if (storage === 'f32') return { storage, values };
  return { storage, values: Uint16Array.from(values, storage === 'f16' ? toFloat16 : toBfloat16) };
}

/** The numbers as a storage holds them. */
export function rounded(values: Float32Array<ArrayBuffer>, storage: WeightStorage): Float32Array<ArrayBuffer> {
  return widened(narrowed(values, storage));
}

/** The bits of a storage's numbers as the words that a kernel reads. */
export function wordsOf({ values }: StoredValues): Float32Array | Uint32Array {
  return values instanceof Float32Array ? values : new Uint32Array(values.buffer, values.byteOffset, values.length / 2);
}

/** The nearest bfloat16 on the side of zero. */
function toBfloat16(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}

/** The nearest binary16. */
function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  // Below 2^-14 the unit in the last place no longer shrinks.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const fraction = Math.round(size * 2 ** (10 - exponent));
  return sign | ((exponent + 14) * 1024 + fraction);
}
