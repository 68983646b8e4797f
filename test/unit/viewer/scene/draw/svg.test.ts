import { describe, expect, it } from 'vitest';

import { contrast } from '../../../../../viewer/scene/style/color.js';
import { legendOf } from '../../../../../viewer/scene/style/legend.js';
import { estimateWidth, layOutLegend } from '../../../../../viewer/scene/draw/legend-layout.js';
import { PALETTES } from '../../../../../viewer/scene/style/palette.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { focusOn, type Focus } from '../../../../../viewer/scene/style/focus.js';
import { stylesOf } from '../../../../../viewer/scene/style/style.js';
import { writeSvg } from '../../../../../viewer/scene/draw/svg.js';
import type { EdgeClass } from '../../../../../viewer/data/circuit-data.js';
import type { ViewState } from '../../../../../viewer/view/view-state.js';
import { xmllint } from '../../../../support/external-tools.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);
const HOSTILE = '</text><script>alert(1)</script>"\'&<!--\u0000\ud800]]>';
const palettes = Object.values(PALETTES);

interface Settings {
  readonly hue?: ViewState['hue'];
  readonly focus?: Focus;
  readonly selected?: string;
  readonly signKnown?: boolean;
  readonly comparing?: { a: string; b: string };
}

function context(settings: Settings = {}) {
  const { hue = 'sign', focus = null, selected = null, signKnown = true, comparing = null } = settings;
  return { palette: PALETTES.light, hue, focus, selected, signKnown, comparing };
}

function svg(scene: Scene, title = 'a circuit', settings: Settings = {}): string {
  const all = context(settings);
  const styles = stylesOf(scene.graph, all);
  return writeSvg(scene, styles, all.palette, legendOf(scene, all), { title, width: 900, height: 600 });
}

function legendTexts(scene: Scene, settings: Settings = {}): string[] {
  return legendOf(scene, context(settings)).map(({ text }) => text);
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/-?\d+(?:\.\d+)?/g)].map(Number);
}

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

describe('styles', () => {
  const { graph } = sceneOf(data, { limit: 100 });

  it('strong edges are wide, full and on top', () => {
    const styles = stylesOf(graph, context());
    const edges = graph.edges();
    const [first, last] = [styles.edge(edges[0]!), styles.edge(edges.at(-1)!)];
    const effect = graph.getEdgeAttribute(edges[0]!, 'effect')!;
    expect(first.width).toBeCloseTo(6.8);
    expect(first.color).toBe(effect > 0 ? PALETTES.light.helps : PALETTES.light.hurts);
    expect(last.width).toBeLessThan(first.width);
    expect(last.depth).toBeLessThan(first.depth);
    expect(contrast(last.color, '#ffffff')).toBeLessThan(contrast(first.color, '#ffffff'));
  });

  it('takes strengths relative to what is in focus, the rest fades', () => {
    const weakest = graph.edges().at(-1)!;
    const [source, target] = graph.extremities(weakest);
    const styles = stylesOf(graph, context({ focus: focusOn(graph, weakest) }));
    expect(styles.edge(weakest).width).toBeCloseTo(6.8);
    expect(styles.edge(weakest).depth).toBeGreaterThan(styles.edge(graph.edges()[0]!).depth);
    expect(contrast(styles.edge(graph.edges()[0]!).color, '#ffffff')).toBeLessThan(1.5);
    for (const end of [source, target]) expect(focusOn(graph, weakest).nodes).toContain(end);
    expect(stylesOf(graph, context({ focus: focusOn(graph, 'gone') })).edge(weakest).width).toBeLessThan(6);
  });

  it('lights up a head with its ports and what feeds them', () => {
    const port = graph.findNode((_, node) => node.kind === 'port')!;
    const head = graph.getNodeAttribute(port, 'parent')!;
    const focus = focusOn(graph, head);
    expect(focus.nodes).toContain(port);
    for (const edge of graph.edges(port)) expect(focus.edges).toContain(edge);
  });

  it('marks what is selected or found', () => {
    const styles = stylesOf(graph, context({ selected: 'm1' }));
    expect(styles.node('m1')).toMatchObject({ border: PALETTES.light.selected, shape: 'square', forceLabel: true });
    expect(styles.node('m2').border).not.toBe(PALETTES.light.selected);
  });

  it('draws what is not in the circuit, or not decided on, dashed', () => {
    const edges = data.edges.map((edge, i) => ({ ...edge, inCircuit: i !== 0, pending: i === 1 }));
    const scene = sceneOf({ ...data, edges }, { limit: 10 });
    const styles = stylesOf(scene.graph, context());
    expect(edges.slice(0, 3).map((edge) => styles.edge(edge.id).dashed)).toEqual([true, true, false]);
    expect(legendTexts(scene)).toEqual(expect.arrayContaining(['paler: not in the circuit', 'not decided on yet']));
  });
});

describe('legend', () => {
  it('names what is there, by the hue that is shown', () => {
    const scene = sceneOf(data);
    expect(legendTexts(scene)).toEqual(
      expect.arrayContaining(['helps the task', 'hurts the task', 'MLP', 'input, logits']),
    );
    expect(legendTexts(scene).join()).toContain('positive = cutting the edge makes the metric worse');
    expect(legendTexts(scene, { hue: 'port' })).toContain('into queries (q)');
    expect(legendTexts(scene, { hue: 'source' })).toContain('from MLPs');
    expect(legendTexts(scene).join()).not.toMatch(/circuits|group|pinned|decided/);
    expect(legendTexts(sceneOf(data, { limit: 0 }))).toEqual([]);
  });

  it('names only the nodes that have edges, and says what the others are', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: edge.id === 'input->a0.h0<q>' }));
    const one = { ...data, edges };
    const texts = legendTexts(sceneOf(one, { scope: 'circuit' }));
    expect(texts).toEqual(expect.arrayContaining(['attention head (layer.head)', 'without edges here']));
    expect(texts).not.toContain('MLP');
    expect(legendTexts(sceneOf(one, { scope: 'circuit', hideUnconnected: true }))).not.toContain('without edges here');
    expect(legendTexts(sceneOf(one, { scope: 'circuit', layout: 'figure' }))).not.toContain('without edges here');
  });

  it('has one mark for no effect and for what is not measured', () => {
    const edges = data.edges.map((edge, i) => ({ ...edge, effect: i % 2 === 0 ? 0 : null }));
    const texts = legendTexts(sceneOf({ ...data, edges }));
    expect(texts).toContain('no effect, or not measured');
    expect(texts).not.toContain('not measured');
  });

  it('says that what is shown is no part of the circuit', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: false }));
    expect(legendTexts(sceneOf({ ...data, edges }))).toContain('paler: not in the circuit');
  });

  it('says where the file does not say what helps', () => {
    const texts = legendTexts(sceneOf(data), { signKnown: false });
    expect(texts).toEqual(expect.arrayContaining(['score > 0', 'score < 0']));
    expect(texts.join()).toContain('does not say');
    expect(texts.join()).not.toContain('helps the task');
  });

  it('explains the classes of a comparison that occur', () => {
    const classes: readonly EdgeClass[] = ['both', 'only-a', 'flipped'];
    const edges = data.edges.map((edge, i) => ({ ...edge, contrast: { class: classes[i % 3]!, a: 1, b: 1 } }));
    const texts = legendTexts(sceneOf({ ...data, edges }), { comparing: { a: 'ours', b: 'theirs' } });
    expect(texts).toEqual(
      expect.arrayContaining(['in both circuits', 'only in A: ours', 'in both, with opposite signs']),
    );
    expect(texts.join()).not.toContain('theirs');
  });

  it('fits into any width', () => {
    const entries = legendOf(sceneOf(data), context());
    for (const width of [60, 200, 900]) {
      const { placed, height } = layOutLegend(entries, width, estimateWidth);
      expect(placed.length).toBeGreaterThanOrEqual(entries.length);
      for (const { x, y, text, entry } of placed) {
        expect(x + (entry.swatch ? 26 : 0) + estimateWidth(text)).toBeLessThanOrEqual(Math.max(width, 60));
        expect(y).toBeLessThan(height);
      }
    }
  });
});

describe('writeSvg', () => {
  it('draws every edge and every node of each layout', () => {
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const scene = sceneOf(data, { layout, limit: 60 });
      const text = svg(scene);
      const paths = text.match(/<path /g)!.length;
      expect(paths).toBe(layout === 'figure' ? 2 * scene.graph.size : scene.graph.size);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
      expect(text).toContain('helps the task');
    }
  });

  it("draws the canvas's curve: quadratic, its control point beside the middle", () => {
    const scene = sceneOf(data, { layout: 'force', limit: 1 });
    const id = scene.graph.edges()[0]!;
    scene.graph.setEdgeAttribute(id, 'curvature', 0.5);
    const path = /<path d="([^"]+)"/.exec(svg(scene))![1]!;
    const [ax, ay, bx, by, cx, cy, dx, dy] = numbersIn(path) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    // Both handles of the cubic lie two thirds of the way to the quadratic's control point.
    const control = [ax + 1.5 * (bx - ax), ay + 1.5 * (by - ay)];
    expect(control[0]).toBeCloseTo(dx + 1.5 * (cx - dx), 0);
    expect(control[1]).toBeCloseTo(dy + 1.5 * (cy - dy), 0);
    expect(control[0]).toBeCloseTo((ax + dx) / 2 + 0.5 * (dy - ay), 0);
    expect(control[1]).toBeCloseTo((ay + dy) / 2 - 0.5 * (dx - ax), 0);
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
    const styles = stylesOf(scene.graph, context());
    const text = writeSvg(scene, styles, PALETTES.dark, legendOf(scene, context()), {
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
