import { expect, test } from 'vitest';
import { randomModel } from '../../../src/model/random-model.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { SMALL_FAMILIES, smallSpec } from '../../support/families.js';

test.each(SMALL_FAMILIES)(
  '%s: a random model has every weight, and its norms multiply by numbers around 1',
  async (name) => {
    const spec = smallSpec(name);
    const { weights } = await randomModel(spec, 2);
    const table = weightTable(spec);
    const gains: number[] = [];
    for (const [tensor, shape] of table) {
      const values = await weights.read(tensor);
      expect(values.length, tensor).toBe(shape.reduce((product, n) => product * n, 1));
      const spread = Math.max(...values) - Math.min(...values);
      expect(spread > 0.1 && spread < 4, `${tensor}: spread of ${spread}`).toBe(true);
      if (tensor.endsWith('gain')) gains.push(...values);
    }
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    expect(Math.abs((spec.norm.onePlusGain ? 1 + mean : mean) - 1)).toBeLessThan(0.1);
  },
);

test('changes of a small model count for what follows from them', () => {
  const spec = smallSpec('gemma3_text', { layers: 5, headWidth: 8, tied: false });
  expect([spec.attention.window.length, spec.attention.scale.length, spec.tied]).toEqual([5, 5, false]);
  expect(spec.positions).toMatchObject({ dims: 8 });
});
