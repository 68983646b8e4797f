import { describe, expect, test } from 'vitest';
import { attentionSvg } from '../../../../viewer/attention/attention-svg.js';
import { smallSide } from '../../../../viewer/attention/grid-room.js';
import { linesDrawing } from '../../../../viewer/attention/lines-drawing.js';
import { mapDrawing } from '../../../../viewer/attention/map-drawing.js';
import type { DrawnPattern, Mark } from '../../../../viewer/attention/marks.js';
import { paint, type MarkContext } from '../../../../viewer/attention/paint.js';
import { labelsWithRoom, tokenLabel } from '../../../../viewer/attention/token-labels.js';
import { PALETTES } from '../../../../viewer/scene/style/palette.js';

const colors = PALETTES.light;

function drawn(n: number, changes: Partial<DrawnPattern> = {}): DrawnPattern {
  const weights = new Float32Array(n * n);
  for (let i = 0; i < n; i++) weights[i * n + i] = 1;
  const rows = Array.from({ length: n }, (_, i) => i);
  const tokens = rows.map((i) => ` token${i}`);
  return { tokens, weights, signed: false, most: 1, rows, used: [n - 1], ...changes };
}

const ofKind = <K extends Mark['kind']>(marks: readonly Mark[], kind: K) =>
  marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
const ROOM = { width: 380, labelled: true, least: 9, most: 24 };

describe('the map of a pattern', () => {
  test('has a cell for each query and the keys up to it, in the colour of its weight', () => {
    const cells = ofKind(mapDrawing(drawn(4), ROOM).marks(colors), 'rect');
    expect(cells).toHaveLength(10);
    expect(cells.filter(({ fill }) => fill === colors.helps)).toHaveLength(4);
    expect(cells.filter(({ fill }) => fill === colors.band)).toHaveLength(6);
  });

  test('scrolls where the room is too small for a prompt of 40 tokens, with room for each label', () => {
    const map = mapDrawing(drawn(40), ROOM);
    expect(map.width).toBeGreaterThan(ROOM.width);
    const labels = ofKind(map.marks(colors), 'text');
    const columns = labels.filter(({ turned }) => turned).sort((a, b) => a.x - b.x);
    columns.slice(1).forEach(({ x, size }, i) => expect(x - columns[i]!.x).toBeGreaterThanOrEqual(size));
    expect(columns.length).toBe(40);
    expect(labels.filter(({ text }) => text.startsWith('▸'))).toHaveLength(1);
  });

  test('finds the cell at each place that it draws one', () => {
    for (const rows of [undefined, [1, 3]]) {
      const map = mapDrawing(drawn(5, rows && { rows }), ROOM);
      const cells = ofKind(map.marks(colors), 'rect');
      const found = cells.map(({ x, y, width, height }) => map.cellAt(x + width / 2, y + height / 2));
      const wanted = (rows ?? [0, 1, 2, 3, 4]).flatMap((query) =>
        Array.from({ length: query + 1 }, (_, key) => ({ query, key })),
      );
      expect(found).toEqual(wanted);
      expect(map.cellAt(map.width + 50, map.height + 50)).toBe(null);
    }
  });

  test('draws differences in two colours, and what is no number as nothing', () => {
    const weights = Float32Array.from([-0.5, 0, 0.5, Number.NaN]);
    const cells = ofKind(mapDrawing(drawn(2, { weights, signed: true, most: 0.5 }), ROOM).marks(colors), 'rect');
    expect(cells.map(({ fill }) => fill)).toEqual([colors.onlyB, colors.onlyA, colors.band]);
  });

  test('marks what is pointed at inside of its bounds', () => {
    const map = mapDrawing(drawn(6), ROOM);
    for (const cell of [
      { query: 5, key: 2 },
      { query: null, key: 5 },
      { query: 0, key: null },
    ]) {
      const frames = ofKind(map.over(cell, colors), 'frame');
      expect(frames.length).toBeGreaterThan(0);
      for (const { x, y, width, height } of frames) {
        expect(x + width).toBeLessThanOrEqual(map.width + 2);
        expect(y + height).toBeLessThanOrEqual(map.height + 2);
      }
    }
    expect(map.over({ query: null, key: 9 }, colors)).toEqual([]);
  });
});

describe('the lines of a pattern', () => {
  test('are those with weight, the strongest on top', () => {
    const weights = Float32Array.from([1, 0, 0, 0.3, 0.7, 0, 0.01, 0.09, 0.9]);
    const lines = ofKind(
      linesDrawing(drawn(3, { weights }), { width: 300, step: 16, labelled: true }).marks(colors),
      'line',
    );
    expect(lines).toHaveLength(5);
    const widths = lines.map(({ width }) => width);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
  });

  test('start at the queries that are drawn, and can be pointed at on both sides', () => {
    const lines = linesDrawing(drawn(4, { rows: [2] }), { width: 300, step: 10, labelled: true });
    expect(new Set(ofKind(lines.marks(colors), 'line').map(({ from }) => from[1]))).toEqual(new Set([25]));
    expect(lines.cellAt(10, 25)).toEqual({ query: 2, key: null });
    expect(lines.cellAt(10, 5)).toBe(null);
    expect(lines.cellAt(lines.width - 10, 5)).toEqual({ query: null, key: 0 });
    expect(lines.cellAt(10, 900)).toBe(null);
  });
});

test('labels that must be there come first, and none is nearer to another than its size', () => {
  for (const [count, step, size] of [
    [40, 4, 10],
    [7, 3, 10],
    [5, 12, 10],
    [1, 1, 8],
  ] as const) {
    const shown = [...labelsWithRoom(count, step, size, [count - 1])].sort((a, b) => a - b);
    expect(shown).toContain(count - 1);
    shown.slice(1).forEach((at, i) => expect((at - shown[i]!) * step).toBeGreaterThanOrEqual(size));
  }
  expect(labelsWithRoom(5, 12, 10, []).size).toBe(5);
  expect(tokenLabel('   ', 9)).toBe('␣␣␣');
  expect(tokenLabel(' extraordinary', 9)).toBe('extraord…');
});

test('small maps are as large as all of them fit, and no smaller than they can be read', () => {
  const room = { width: 800, height: 600, gap: 12, name: 22 };
  const fits = (side: number, count: number, n: number): boolean => {
    const across = Math.floor((room.width + room.gap) / (n * side + room.gap));
    return across > 0 && Math.ceil(count / across) * (n * side + room.name + room.gap) <= room.height;
  };
  for (const [count, n] of [
    [1, 15],
    [19, 15],
    [32, 32],
    [32, 40],
    [3, 200],
  ] as const) {
    const side = smallSide(count, n, room);
    if (side > 4) expect(fits(side, count, n)).toBe(true);
    if (side < 12) expect(fits(side + 1, count, n)).toBe(false);
    expect(side).toBeGreaterThanOrEqual(4);
  }
});

test('a picture is the marks of all heads, and texts of tokens never become markup', () => {
  const tokens = ['<script>', '&', '"'];
  const drawing = mapDrawing(drawn(3, { tokens }), ROOM);
  const names = [
    { name: '0.1', drawing },
    { name: '</svg>', drawing },
  ];
  const { svg, width, height } = attentionSvg(names, { title: 'a < b', caption: '&', columns: 2, palette: colors });
  expect(svg.match(/<rect/g)).toHaveLength(2 * 6 + 1);
  expect(svg).not.toContain('<script>');
  expect(svg.match(/<\/svg>/g)).toHaveLength(1);
  expect(svg).toContain(`width="${width}" height="${height}"`);
  expect(width).toBeGreaterThan(2 * drawing.width);
});

test('marks are painted where they say', () => {
  const calls: string[] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        void calls.push(`${String(name)} ${args.join(' ')}`),
    set: (_, name, value) => calls.push(`${String(name)} = ${String(value)}`) > 0,
  }) as unknown as MarkContext;
  paint(context, [
    { kind: 'rect', x: 1, y: 2, width: 3, height: 4, fill: '#111111', opacity: 0.5 },
    { kind: 'text', x: 5, y: 6, text: 'a', size: 10, fill: '#222222', anchor: 'start', turned: true },
  ]);
  expect(calls).toEqual(
    expect.arrayContaining(['globalAlpha = 0.5', 'fillRect 1 2 3 4', 'translate 5 6', 'fillText a 0 0']),
  );
  expect(calls).toContain(`rotate ${-Math.PI / 2}`);
});
