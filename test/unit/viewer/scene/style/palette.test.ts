import { describe, expect, it } from 'vitest';
import { contrast } from '../../../../../viewer/scene/style/color.js';
import { PALETTES } from '../../../../../viewer/scene/style/palette.js';

/** Distance of two colours in CIE Lab (1976, D65): 2 can just be seen. */
function distance(a: string, b: string): number {
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((value, i) => value - q[i]!));
}

function lab(color: string): readonly number[] {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const f = (t: number): number => (t > (6 / 29) ** 3 ? Math.cbrt(t) : (t * 29 ** 2) / (3 * 6 ** 2) + 4 / 29);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const palettes = Object.values(PALETTES);

describe('palettes', () => {
  it.each(palettes)('$name: lines have a contrast of 3:1, texts of 4.5:1', (palette) => {
    const { background, band, boxes, text, faintText } = palette;
    const { helps, hurts, neutral, q, k, v, onlyA, onlyB, both, flipped, sources, selected } = palette;
    for (const color of [
      helps,
      hurts,
      neutral,
      q,
      k,
      v,
      onlyA,
      onlyB,
      both,
      flipped,
      selected,
      sources.mlp,
      ...sources.heads,
    ]) {
      expect(contrast(color, background), color).toBeGreaterThanOrEqual(3);
    }
    for (const ground of [background, band]) {
      expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(faintText, ground)).toBeGreaterThanOrEqual(4.5);
    }
    for (const fill of Object.values(boxes)) expect(contrast(text, fill)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(palettes)('$name: no port looks like a sign, nor ports like each other', ({ helps, hurts, q, k, v }) => {
    const colors = [helps, hurts, q, k, v];
    colors.forEach((a, i) => {
      for (const b of colors.slice(i + 1)) expect(distance(a, b), `${a} and ${b}`).toBeGreaterThan(30);
    });
  });

  it('measures contrast as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#ffffff', '#767676')).toBeCloseTo(4.54, 2);
  });
});
