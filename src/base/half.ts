/**
 * Widening of 16-bit floats, exact for every bit pattern: f32 holds all values of both formats, subnormals and
 * infinities included, and NaN stays NaN.
 */

let halfBits: Uint32Array | undefined;

/** f32 bits of all 65,536 IEEE 754 binary16 patterns: a look-up is several times faster than the arithmetic. */
function halfTable(): Uint32Array {
  if (halfBits) return halfBits;
  const table = new Uint32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    let exponent = (half >> 10) & 0x1f;
    let fraction = half & 0x3ff;
    if (exponent === 0 && fraction === 0) {
      table[half] = sign;
    } else if (exponent === 31) {
      table[half] = sign | 0x7f800000 | (fraction << 13);
    } else {
      if (exponent === 0) {
        // A subnormal of f16 is a normal number of f32: shift until the leading one is the implicit bit.
        const shift = Math.clz32(fraction) - 21;
        fraction = (fraction << shift) & 0x3ff;
        exponent = 1 - shift;
      }
      table[half] = sign | ((exponent + 112) << 23) | (fraction << 13);
    }
  }
  return (halfBits = table);
}

/** IEEE 754 binary16 bit patterns to f32 values. */
export function float16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halfTable();
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = table[bits[i]!]!;
  return new Float32Array(wide.buffer);
}

/** bfloat16 bit patterns (the upper half of an f32) to f32 values. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return new Float32Array(wide.buffer);
}
