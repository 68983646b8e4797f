/** Rotary positions after Su et al. 2021 (arXiv:2104.09864), in the order of halves of the Hugging Face library. */
import type { RotaryFrequencies } from '../../src/model/spec.js';

/** Radians that each pair of dimensions turns by from one position to the next: [dims / 2]. */
export function rotaryFrequencies(dims: number, { base, scaling }: RotaryFrequencies): Float64Array {
  return Float64Array.from({ length: dims / 2 }, (_, i) => {
    const frequency = base ** ((-2 * i) / dims);
    if (scaling === null) return frequency;
    if (scaling.kind === 'linear') return frequency / scaling.factor;
    const { factor, low, high, originalPositions } = scaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < originalPositions / high) return frequency;
    if (wavelength > originalPositions / low) return frequency / factor;
    const smooth = (originalPositions / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/**
 * Turns the pairs (i, i + n) of every row of x [positions, headWidth] by position * frequency i, where n is the number
 * of frequencies; other dimensions stay. `direction` -1 turns back, which is also the way of a gradient.
 */
export function rotate(
  x: ArrayLike<number>,
  headWidth: number,
  frequencies: ArrayLike<number>,
  direction: 1 | -1 = 1,
): Float64Array {
  const y = Float64Array.from(x);
  const pairs = frequencies.length;
  for (let position = 0; position * headWidth < y.length; position++) {
    for (let i = 0; i < pairs; i++) {
      const angle = direction * position * frequencies[i]!;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const first = position * headWidth + i;
      const second = first + pairs;
      const [a, b] = [x[first]!, x[second]!];
      y[first] = a * cos - b * sin;
      y[second] = b * cos + a * sin;
    }
  }
  return y;
}
