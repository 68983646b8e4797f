import { describe, expect, it } from 'vitest';
import type { TraceStep } from '../../../../src/files/index.js';
import { PALETTES } from '../../../../viewer/scene/style/palette.js';
import { stylesOf } from '../../../../viewer/scene/style/style.js';
import { decisionAt, replay } from '../../../../viewer/view/replay.js';
import { select } from '../../../../viewer/view/selection.js';
import { legendContext, legendTexts, randomData, sceneOf } from '../../../support/viewer-scene.js';
import { view } from '../../../support/viewer.js';

const all = randomData(3, 3);
/** The circuit that the replay leads to keeps every fifth edge. */
const end = { ...all, edges: all.edges.map((edge, i) => ({ ...edge, inCircuit: i % 5 === 0 })) };
const trace = end.edges.map(({ id, inCircuit }, step): TraceStep => ({
  step,
  edge: id,
  before: 1,
  after: 2,
  kept: inCircuit,
}));

function sceneAt(step: number, layout: 'grid' | 'figure') {
  const data = replay(end, trace, step);
  const deciding = decisionAt(trace, step)?.edge ?? null;
  return sceneOf(
    { ...data, edgeById: new Map(data.edges.map((edge) => [edge.id, edge])) },
    { scope: null, layout, limit: null },
    { end, deciding },
  );
}

describe('a moment of a replay', () => {
  it('shows all edges before the first decision, not some of them', () => {
    const data = replay(end, trace, 0);
    for (const limitBy of ['top', 'circuit'] as const) {
      expect(select(data, view({ limitBy, step: 0 })).edges.length).toBe(end.edges.length);
    }
  });

  it('leaves none out by a limit: nothing ranks the edges that are not decided on', () => {
    for (const [limitBy, limit] of [
      ['top', 20],
      ['circuit', 20],
      ['effect', 1],
      ['share', 0.5],
    ] as const) {
      const [start, middle] = [0, 40].map((step) => select(replay(end, trace, step), view({ limitBy, limit, step })));
      expect(start!.edges.length).toBe(end.edges.length);
      expect(middle!.edges.length).toBe(end.edges.length - 32);
      expect(middle!.tie).toBeNull();
      expect(select(replay(end, trace, trace.length), view({ limitBy, limit })).edges.length).toBeLessThan(30);
    }
  });

  it('has the boxes of the circuit from the start in the figure, and its edges come', () => {
    const [start, middle, last] = [0, 40, trace.length].map((step) => sceneAt(step, 'figure'));
    expect(start!.graph.size).toBe(0);
    expect(start!.graph.nodes().toSorted()).toEqual(last!.graph.nodes().toSorted());
    expect(start!.notice).toContain('not decided');
    expect(middle!.graph.size).toBeGreaterThan(0);
    for (const id of start!.graph.nodes()) {
      expect(middle!.graph.getNodeAttribute(id, 'x')).toBe(last!.graph.getNodeAttribute(id, 'x'));
    }
  });

  it('marks the edge that was decided on last, also where it was removed', () => {
    for (const layout of ['grid', 'figure'] as const) {
      for (const step of [1, 2]) {
        const scene = sceneAt(step, layout);
        const { edge, kept } = decisionAt(trace, step)!;
        const marked = scene.graph.filterEdges((_, { deciding }) => deciding);
        expect(scene.graph.getEdgeAttribute(marked[0]!, 'edges')).toContain(edge);
        const style = stylesOf(scene.graph, legendContext()).edge(marked[0]!);
        expect(style).toMatchObject({ color: PALETTES.light.selected, dashed: !kept });
        expect(style.width).toBeGreaterThanOrEqual(3);
        expect(legendTexts(scene)).toContain(`decided on last: ${kept ? 'kept' : 'removed'}`);
      }
    }
  });
});
