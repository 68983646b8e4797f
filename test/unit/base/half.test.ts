import { describe, expect, test } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32 } from '../../../src/base/half.js';

const everyPattern = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The definition: (-1)^s 2^(e - bias) 1.f, 0.f for subnormals, infinity and NaN at the largest exponent. */
function byDefinition(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe('16-bit floats widen exactly', () => {
  test.each([
    ['float16', float16ToFloat32, 5, 10],
    ['bfloat16', bfloat16ToFloat32, 8, 7],
  ] as const)(
    '%s: all 65,536 patterns, subnormals, infinities, NaN and signed zeros',
    (_, widen, exponent, fraction) => {
      const wide = widen(everyPattern);
      const wrong = [...everyPattern].filter((bits) => !Object.is(wide[bits], byDefinition(bits, exponent, fraction)));
      expect(wrong).toEqual([]);
    },
  );
});
