import { describe, expect, it } from 'vitest';
import { contrast } from '../../../../../viewer/scene/style/color.js';
import { focusOn } from '../../../../../viewer/scene/style/focus.js';
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
    const port = graph.findNode((_, node) => node.kind === 'port')!;
    const head = graph.getNodeAttribute(port, 'parent')!;
    const focus = focusOn(graph, head);
    expect([...focus.nodes.keys()]).toContain(port);
    for (const edge of graph.edges(port)) expect([...focus.edges.keys()]).toContain(edge);
  });

  it('marks what is selected or found', () => {
    const styles = stylesOf(graph, legendContext({ selected: 'm1' }));
    expect(styles.node('m1')).toMatchObject({ border: PALETTES.light.selected, shape: 'square', forceLabel: true });
    expect(styles.node('m2').border).not.toBe(PALETTES.light.selected);
  });

  it('draws what is not in the circuit, or not decided on, dashed', () => {
    const edges = data.edges.map((edge, i) => ({ ...edge, inCircuit: i !== 0, pending: i === 1 }));
    const scene = sceneOf({ ...data, edges }, { limit: 10 });
    const styles = stylesOf(scene.graph, legendContext());
    expect(edges.slice(0, 3).map((edge) => styles.edge(edge.id).dashed)).toEqual([true, true, false]);
    expect(legendTexts(scene)).toEqual(expect.arrayContaining(['paler: not in the circuit', 'not decided on yet']));
  });
});
