import { describe, expect, it } from 'vitest';
import { motionTo } from '../../../../viewer/canvas/motion.js';
import { randomData, rowsOf, sceneOf } from '../../../support/viewer-scene.js';

describe('motionTo', () => {
  const scene = sceneOf(randomData(4, 4), { layout: 'figure', limit: 60 });
  const [moved] = scene.graph.nodes().filter((id) => scene.graph.inDegree(id) + scene.graph.outDegree(id) > 0);
  const { x, y } = scene.graph.getNodeAttributes(moved!);
  const motion = motionTo(scene, new Map([[moved!, { x: x - 100, y: y + 40 }]]));
  const placeOf = (id: string) => {
    const node = motion.scene.graph.getNodeAttributes(id);
    return [node.x, node.y];
  };

  it('leads a node from its start to its place, and its edges along', () => {
    motion.at(0);
    expect(placeOf(moved!)).toEqual([x - 100, y + 40]);
    const edge = scene.graph.filterEdges((_, __, source, target) => source === moved || target === moved)[0]!;
    const end = scene.graph.source(edge) === moved ? 0 : -1;
    const [restX, restY] = scene.routes.get(edge)!.points.at(end)!;
    expect(motion.scene.routes.get(edge)!.points.at(end)).toEqual([restX - 100, restY + 40]);
    motion.at(0.5);
    expect(placeOf(moved!)).toEqual([x - 50, y + 20]);
    motion.at(1);
    expect(placeOf(moved!)).toEqual([x, y]);
    for (const [id, { points }] of scene.routes) expect(motion.scene.routes.get(id)!.points).toEqual(points);
  });

  it('moves nothing else, and never the scene itself', () => {
    const before = rowsOf(scene.graph);
    motion.at(0.3);
    scene.graph.forEachNode((id, node) => id !== moved && expect(placeOf(id)).toEqual([node.x, node.y]));
    expect(rowsOf(scene.graph)).toEqual(before);
  });
});
