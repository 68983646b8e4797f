import { describe, expect, it } from 'vitest';
import { contrast } from '../../../../../viewer/scene/style/color.js';
import { FINE_EDGES } from '../../../../../viewer/scene/scene.js';
import { focusAlong, focusOn } from '../../../../../viewer/scene/style/focus.js';
import { legendOf } from '../../../../../viewer/scene/style/legend.js';
import { PALETTES } from '../../../../../viewer/scene/style/palette.js';
import { stylesOf } from '../../../../../viewer/scene/style/style.js';
import { legendContext, legendTexts, randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

describe('styles', () => {
  const { graph } = sceneOf(data, { limit: 100 });

  it('strong edges are wide, full and on top', () => {
    const styles = stylesOf(graph, legendContext());
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
    const styles = stylesOf(graph, legendContext({ focus: focusOn(graph, weakest) }));
    expect(styles.edge(weakest).width).toBeCloseTo(6.8);
    expect(styles.edge(weakest).depth).toBeGreaterThan(styles.edge(graph.edges()[0]!).depth);
    expect(contrast(styles.edge(graph.edges()[0]!).color, '#ffffff')).toBeLessThan(1.5);
    for (const end of [source, target]) expect([...focusOn(graph, weakest).nodes.keys()]).toContain(end);
    expect(stylesOf(graph, legendContext({ focus: focusOn(graph, 'gone') })).edge(weakest).width).toBeLessThan(6);
  });

  it('lights up a head with its ports and what feeds them', () => {
    const port = graph.filterNodes((_, node) => node.kind === 'port')[0]!;
    const head = graph.getNodeAttribute(port, 'parent')!;
    const focus = focusOn(graph, head);
    expect([...focus.nodes.keys()]).toContain(port);
    for (const edge of graph.filterEdges((_, __, ...ends) => ends.slice(0, 2).includes(port)))
      expect([...focus.edges.keys()]).toContain(edge);
  });

  it('marks what is selected or found', () => {
    const styles = stylesOf(graph, legendContext({ selected: 'm1' }));
    expect(styles.node('m1')).toMatchObject({ border: PALETTES.light.selected, shape: 'square', forceLabel: true });
    expect(styles.node('m2').border).not.toBe(PALETTES.light.selected);
  });

  it.each(['light', 'dark'] as const)('%s: every edge that is drawn by itself has a contrast of 3:1', (theme) => {
    const palette = PALETTES[theme];
    for (const layout of ['grid', 'figure', 'force'] as const) {
      for (const hue of ['sign', 'port', 'source'] as const) {
        const drawn = sceneOf(data, { limit: 400, layout }).graph;
        const styles = stylesOf(drawn, { ...legendContext({ hue }), palette });
        for (const id of drawn.edges()) {
          expect(contrast(styles.edge(id).color, palette.background)).toBeGreaterThanOrEqual(3);
        }
      }
    }
  });

  it('fades what carries nothing, and the legend counts it', () => {
    const edges = data.edges.map((edge, i) => ({
      ...edge,
      idle: i === 3 || i === 5,
      effect: i === 3 ? 0 : edge.effect,
    }));
    const scene = sceneOf({ ...data, edges }, { limit: 30, layout: 'force' });
    const styles = stylesOf(scene.graph, legendContext());
    const drawn = scene.graph.edges();
    const idle = drawn.filter((id) => scene.graph.getEdgeAttribute(id, 'idle') > 0);
    expect(idle.length).toBeGreaterThan(0);
    for (const id of idle) expect(contrast(styles.edge(id).color, '#ffffff')).toBeLessThan(2);
    const count = idle.reduce((sum, id) => sum + scene.graph.getEdgeAttribute(id, 'idle'), 0);
    expect(legendTexts(scene)).toContain(`carries nothing: ${count} ${count === 1 ? 'edge' : 'edges'}`);
    expect(legendTexts(sceneOf(data)).join()).not.toContain('carries nothing');
  });

  it('lights paths as strongly as their weakest edges are', () => {
    const [a, b, c] = graph.edges() as [string, string, string];
    const name = (id: string) => graph.getEdgeAttribute(id, 'edges')[0]!;
    const strengths = {
      nodes: new Map([[graph.getSourceAttributes(a).members[0]!, 1]]),
      edges: new Map([
        [name(a), 1],
        [name(b), 0.2],
      ]),
    };
    const focus = focusAlong(graph, strengths);
    expect([...focus.edges]).toEqual([
      [a, 1],
      [b, 0.2],
    ]);
    const styles = stylesOf(graph, legendContext({ focus }));
    const ink = (id: string) => contrast(styles.edge(id).color, '#ffffff');
    expect(ink(a)).toBeGreaterThan(ink(b));
    expect(ink(b)).toBeGreaterThan(ink(c));
    expect(ink(c)).toBeLessThan(1.5);
    const port = [a, b].map((id) => graph.target(id)).find((id) => graph.getNodeAttribute(id, 'kind') === 'port');
    if (port) expect([...focus.nodes.keys()]).toContain(port);
  });

  it('shows the chosen colours in a comparison too', () => {
    const edges = data.edges.map((edge) => ({ ...edge, contrast: { class: 'only-a' as const, a: 1, b: null } }));
    const scene = sceneOf({ ...data, edges }, { limit: 40 });
    const colors = (hue: 'sign' | 'port') => {
      const styles = stylesOf(scene.graph, legendContext({ hue }));
      return new Set(scene.graph.edges().map((id) => styles.edge(id).color));
    };
    expect([...colors('port')].some((color) => !colors('sign').has(color))).toBe(true);
    expect(legendTexts(scene, { hue: 'port' }).join()).toContain('into');
    expect(legendTexts(scene, { hue: 'sign' }).join()).toContain('only in A');
  });

  it('has dashes in the legend only where the drawing has them', () => {
    const edges = data.edges.map((edge) => ({ ...edge, inCircuit: false }));
    const dashed = (limit: number) => {
      const scene = sceneOf({ ...data, edges }, { limit });
      const entry = legendOf(scene, legendContext()).find(({ text }) => text.startsWith('paler'));
      return entry?.swatch?.kind === 'line' && entry.swatch.dashed;
    };
    expect(dashed(FINE_EDGES)).toBe(true);
    expect(dashed(FINE_EDGES + 1)).toBe(false);
  });

  it('draws what is not in the circuit, or not decided on, dashed', () => {
    const edges = data.edges.map((edge, i) => ({ ...edge, inCircuit: i !== 0, pending: i === 1 }));
    const scene = sceneOf({ ...data, edges }, { limit: 10 });
    const styles = stylesOf(scene.graph, legendContext());
    expect(edges.slice(0, 3).map((edge) => styles.edge(edge.id).dashed)).toEqual([true, true, false]);
    expect(legendTexts(scene)).toEqual(expect.arrayContaining(['paler: not in the circuit', 'not decided on yet']));
  });
});
