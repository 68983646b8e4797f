import { describe, expect, it } from 'vitest';
import { nodesIn, pick } from '../../../../../viewer/scene/pick/pick.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';

describe('pick', () => {
  const scene = sceneOf(randomData(4, 4), { limit: 60 });

  it('finds every connected node at its place, a port before its head', () => {
    scene.graph.forEachNode((id, { x, y }) => expect(pick(scene, x, y, 0)).toEqual({ node: id }));
  });

  it('finds an edge off the nodes, and nothing far from all', () => {
    const one = sceneOf(randomData(4, 4), { limit: 1, layout: 'force' });
    const [id] = one.graph.edges();
    one.graph.bend(id!, 0);
    const { x: x1, y: y1 } = one.graph.getSourceAttributes(id!);
    const { x: x2, y: y2 } = one.graph.getTargetAttributes(id!);
    expect(pick(one, (x1 + x2) / 2, (y1 + y2) / 2, 0.01)).toEqual({ edge: id });
    expect(pick(one, 1e6, 0, 1)).toBeNull();
  });
});

describe('nodesIn', () => {
  it('has the connected nodes between two corners in any order, ports aside', () => {
    const scene = sceneOf(randomData(4, 4), { limit: 30 });
    const { graph } = scene;
    const all = graph.filterNodes((_, { connected, kind }) => connected && kind !== 'port');
    const [low, high] = [
      { x: -100, y: -100 },
      { x: 100, y: 100 },
    ];
    expect(nodesIn(scene, low, high)).toEqual(all);
    expect(nodesIn(scene, high, low)).toEqual(all);
    const { x, y } = graph.getNodeAttributes(all[0]!);
    expect(nodesIn(scene, { x: x - 0.01, y: y + 0.01 }, { x: x + 0.01, y: y - 0.01 })).toEqual([all[0]]);
  });
});
