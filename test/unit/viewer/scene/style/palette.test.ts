import { describe, expect, it } from 'vitest';
import { contrast } from '../../../../../viewer/scene/style/color.js';
import { PALETTES } from '../../../../../viewer/scene/style/palette.js';

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

  it('measures contrast as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#ffffff', '#767676')).toBeCloseTo(4.54, 2);
  });
});
