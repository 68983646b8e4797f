import { describe, expect, test } from 'vitest';
import { bars } from '../../../src/pictures/bars.js';
import { heatMap } from '../../../src/pictures/heat-map.js';
import { sheet, flowed } from '../../../src/pictures/sheet.js';

const HOSTILE = '<script>alert("x")</script>&\u0000';

describe('pictures', () => {
  const map = heatMap({
    name: HOSTILE,
    rows: [HOSTILE, 'b'],
    columns: ['0', '1', HOSTILE],
    values: [
      [0, 1, -0.5],
      [null, Number.NaN, 0.25],
    ],
    unit: HOSTILE,
  });

  test('a heat map has a cell a value, and says what each is', () => {
    const cells = map.parts.filter((part) => part.startsWith('<rect') && part.includes('<title>'));
    expect(cells.length).toBe(6);
    expect(cells[1]).toContain(': 1</title>');
    expect(cells[3]).toContain('b, 0: none</title>');
  });

  test('blue is above 0, orange below, white 0; what is not known has a colour of its own', () => {
    const fills = map.parts.flatMap((part) => /<rect[^>]* fill="([^"]+)"[^>]*><title>/.exec(part)?.[1] ?? []);
    expect(fills[0]).toBe('rgb(255 255 255)');
    expect(fills[1]).toBe('rgb(8 69 148)');
    // Half as far below 0 as the largest value is above it.
    expect(fills[2]).toBe('rgb(217 171 134)');
    expect(fills[3]).toBe(fills[4]);
    expect(fills.slice(0, 3)).not.toContain(fills[3]);
  });

  test('text from outside is never markup', () => {
    const drawn = flowed([map, bars({ name: HOSTILE, bars: [{ label: HOSTILE, value: -1 }], unit: HOSTILE })]);
    const { svg } = sheet(drawn, HOSTILE, [HOSTILE]);
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0000');
    expect(svg.match(/<g[ >]/g)!.length).toBe(svg.match(/<\/g>/g)!.length);
  });

  test('drawings of nothing and of one value are drawn', () => {
    for (const values of [[], [0], [5], [-5]]) {
      const { svg } = sheet(
        bars({ name: 'n', bars: values.map((value) => ({ label: 'a', value })), unit: '' }),
        'title',
        [],
      );
      expect(svg).not.toMatch(/NaN|Infinity/);
      const cells = heatMap({ name: 'n', rows: values.map(String), columns: ['0'], values: [values], unit: 'u' });
      expect(cells.parts.join('')).not.toMatch(/NaN|Infinity/);
    }
  });
});
