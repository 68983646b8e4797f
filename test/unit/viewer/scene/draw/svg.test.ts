import { describe, expect, it } from 'vitest';
import { drawLine, hazeOf } from '../../../../../viewer/scene/draw/haze.js';
import { curve, edgeMark } from '../../../../../viewer/scene/draw/marks.js';
import { writeSvg } from '../../../../../viewer/scene/draw/svg.js';
import type { Point } from '../../../../../viewer/scene/layout/routes.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { legendOf } from '../../../../../viewer/scene/style/legend.js';
import { PALETTES } from '../../../../../viewer/scene/style/palette.js';
import { stylesOf } from '../../../../../viewer/scene/style/style.js';
import { xmllint } from '../../../../support/external-tools.js';
import { legendContext, randomData, sceneOf, type LegendSettings } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

const HOSTILE = '</text><script>alert(1)</script>"\'&<!--\u0000\ud800]]>';

function svg(scene: Scene, title = 'a circuit', settings: LegendSettings = {}): string {
  const all = legendContext(settings);
  const styles = stylesOf(scene.graph, all);
  return writeSvg(scene, styles, all.palette, legendOf(scene, all), { title, width: 900, height: 600 });
}

describe('writeSvg', () => {
  it('draws every edge and every node of each layout', () => {
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const scene = sceneOf(data, { layout, limit: 60 });
      const text = svg(scene);
      const paths = text.match(/<path /g)!.length;
      // A line and its arrow head.
      expect(paths).toBe(2 * scene.graph.size);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
      expect(text).toContain('helps the task');
    }
  });

  it('draws a curve: quadratic, its control point beside the middle, as far as the rim of its target', () => {
    const scene = sceneOf(data, { layout: 'force', limit: 1 });
    const id = scene.graph.edges()[0]!;
    scene.graph.bend(id, 0.5);
    const [[ax, ay], [bx, by], [cx, cy], [dx, dy]] = curve(scene, id) as [Point, Point, Point, Point];
    // Both handles of the cubic curve lie two thirds of the way to the control point of the quadratic curve.
    const control = [ax + 1.5 * (bx - ax), ay + 1.5 * (by - ay)];
    expect(control[0]).toBeCloseTo(dx + 1.5 * (cx - dx), 9);
    expect(control[1]).toBeCloseTo(dy + 1.5 * (cy - dy), 9);
    expect(control[0]).toBeCloseTo((ax + dx) / 2 - 0.5 * (dy - ay), 9);
    expect(control[1]).toBeCloseTo((ay + dy) / 2 + 0.5 * (dx - ax), 9);
    // Its arrow ends at the rim of the target.
    const frame = { scale: 1, x: (x: number) => x, y: (y: number) => y };
    const { head } = edgeMark(scene, id, stylesOf(scene.graph, legendContext()).edge(id), PALETTES.light, frame);
    const { size, kind } = scene.graph.getTargetAttributes(id);
    const [x, y] = [Math.abs(head![0][0] - dx), Math.abs(head![0][1] - dy)];
    expect((kind === 'mlp' ? Math.max(x, y) : Math.hypot(x, y)) / size).toBeCloseTo(1, 1);
  });

  it('says which layer a head is of that was dragged out of it, and cuts long names of groups', () => {
    const positions = { grid: { 'a1.h0': [1, 3] as const } };
    const groups = [{ name: 'a name that is much longer than the room', members: ['a2.h0', 'a2.h1'] }];
    const text = svg(sceneOf(data, { limit: 100, positions, groups }));
    expect(text).toContain('>1.0 · L1<');
    expect(text).not.toContain('much longer than');
    expect(text).toContain('>a name that is mu…<');
    expect(svg(sceneOf(data, { limit: 100 }))).not.toContain(' · L');
  });

  it('has every name over the lines, with a seam around those that stand on no box', () => {
    const groups = [{ name: 'movers', members: ['a2.h0', 'a2.h1'] }];
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const text = svg(sceneOf(data, { layout, limit: 100, groups }));
      const name = text.indexOf('>movers<');
      expect(name).toBeGreaterThan(text.lastIndexOf('<path '));
      const element = text.slice(text.lastIndexOf('<text', name), name);
      expect(element.includes('paint-order')).toBe(layout !== 'figure');
    }
  });

  it('draws more edges than can be told apart as plain lines', () => {
    const scene = sceneOf(data, { limit: 700 });
    expect(scene.graph.size).toBeGreaterThan(500);
    expect(svg(scene).match(/<path /g)!.length).toBe(scene.graph.size);
    const strands = hazeOf(scene.graph, stylesOf(scene.graph, legendContext()));
    expect(strands.reduce((sum, { lines }) => sum + lines.length / 4, 0)).toBe(scene.graph.size);
    expect(strands.length).toBeLessThan(100);
    const first = scene.graph.edges()[0]!;
    const [from, to] = [scene.graph.getSourceAttributes(first), scene.graph.getTargetAttributes(first)];
    expect(
      strands.some(({ lines }) => [from.x, from.y, to.x, to.y].every((at, i) => lines.includes(at) && i >= 0)),
    ).toBe(true);
  });

  it('sets the pixels of lines, and none outside of the picture', () => {
    const pixels = { data: new Uint32Array(200), width: 20, height: 10 };
    drawLine(pixels, [2, 3], [8, 3], 1, 7);
    expect([...pixels.data.keys()].filter((i) => pixels.data[i] === 7)).toEqual(
      [2, 3, 4, 5, 6, 7, 8].map((x) => 60 + x),
    );
    drawLine(pixels, [-1e6, 5], [1e6, 5], 3, 9);
    expect([...pixels.data.keys()].filter((i) => pixels.data[i] === 9)).toEqual(
      [...Array(60).keys()].map((i) => 80 + i),
    );
    const before = [...pixels.data];
    drawLine(pixels, [-5, -5], [-1, 30], 2, 1);
    drawLine(pixels, [NaN, 1], [3, 1], 1, 1);
    expect([...pixels.data]).toEqual(before);
  });

  it('writes names of files as text, whatever they hold', () => {
    const groups = [{ name: HOSTILE, members: ['a1.h0', 'a1.h1'] }];
    for (const layout of ['grid', 'figure'] as const) {
      const text = svg(sceneOf(data, { layout, groups }), HOSTILE, { comparing: { a: HOSTILE, b: HOSTILE } });
      expect(text).not.toContain('<script');
      expect(text).not.toContain('\u0000');
      expect(text).toContain('&lt;/text&gt;&lt;script&gt;');
    }
  });

  it('survives a picture too small for anything', () => {
    const scene = sceneOf(data);
    const styles = stylesOf(scene.graph, legendContext());
    const text = writeSvg(scene, styles, PALETTES.dark, legendOf(scene, legendContext()), {
      title: '',
      width: 20,
      height: 20,
    });
    expect(text).not.toMatch(/NaN|Infinity|="-\d[^"]*" (?:rx|fill)/);
  });

  it.skipIf(xmllint.skip)('is well-formed XML', () => {
    const groups = [{ name: HOSTILE, members: ['a1.h0', 'a1.h1'] }];
    for (const layout of ['grid', 'figure', 'force'] as const) {
      xmllint.run(['--noout', '-'], svg(sceneOf(data, { layout, groups }), HOSTILE));
    }
  });
});
