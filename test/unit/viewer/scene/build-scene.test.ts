import { describe, expect, it } from 'vitest';
import type { Scene } from '../../../../viewer/scene/scene.js';
import { randomData, rowsOf, sceneOf } from '../../../support/viewer-scene.js';

const data = randomData(4, 4);

/** All of a scene as plain data. */
function plain({ graph, routes, ...rest }: Scene) {
  return { ...rest, graph: rowsOf(graph), routes: [...routes] };
}

describe('buildScene', () => {
  it('gives the same scene for the same arguments', () => {
    for (const layout of ['grid', 'figure', 'force'] as const) {
      expect(plain(sceneOf(data, { layout }))).toEqual(plain(sceneOf(data, { layout })));
    }
  });

  it('draws nothing of nothing', () => {
    const empty = { ...data, layers: 0, heads: 0, nodes: [], edges: [], nodeById: new Map(), edgeById: new Map() };
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const { graph, bounds } = sceneOf(empty, { layout });
      expect(graph.order).toBe(0);
      expect(Object.values(bounds).every(Number.isFinite)).toBe(true);
      expect(bounds.right).toBeGreaterThan(bounds.left);
    }
  });

  it('takes places from the force layout; new nodes stand at their neighbours', () => {
    const { graph } = sceneOf(data, { layout: 'force', limit: 10 });
    const [first, ...others] = graph.nodes();
    const force = Object.fromEntries(others.map((id, i) => [id, [100 * i, 7] as const]));
    const scene = sceneOf(data, { layout: 'force', limit: 10 }, { force });
    others.forEach((id, i) => expect(scene.graph.getNodeAttributes(id)).toMatchObject({ x: 100 * i, y: 7 }));
    expect(scene.graph.getNodeAttribute(first!, 'y')).toBe(7);
    expect(scene.bounds.right).toBeGreaterThan(100 * (others.length - 1));
  });
});
