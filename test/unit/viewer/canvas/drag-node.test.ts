import { describe, expect, it } from 'vitest';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { dragNode } from '../../../../viewer/canvas/drag-node.js';
import { sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { randomData, sceneOf } from '../../../support/viewer-scene.js';

describe('dragNode', () => {
  it('takes the ports of a head along, and nothing else', () => {
    const scene = sceneOf(randomData(4, 4), { limit: 100 });
    const port = scene.graph.filterNodes((_, { kind }) => kind === 'port')[0]!;
    const head = scene.graph.getNodeAttribute(port, 'parent')!;
    const before = new Map(scene.graph.mapNodes((id, { x, y }) => [id, [x, y] as const]));
    for (const grip of [head, port]) dragNode(scene, grip, 2, -1);
    scene.graph.forEachNode((id, { x, y, parent }) => {
      const [dx, dy] = id === head || parent === head ? [4, -2] : [0, 0];
      expect(x).toBeCloseTo(before.get(id)![0] + dx, 9);
      expect(y).toBeCloseTo(before.get(id)![1] + dy, 9);
    });
  });

  it('takes the ends of the edges of a box along', () => {
    const scene = sceneOf(randomData(4, 4), { layout: 'figure', limit: 60 });
    const box = scene.graph.filterNodes((id) => scene.graph.inDegree(id) > 0 && scene.graph.outDegree(id) > 0)[0]!;
    const { routes } = dragNode(scene, box, 100, 30);
    for (const [edge, { points }] of scene.routes) {
      const [first, last] = [points[0]!, points.at(-1)!];
      const moved = routes.get(edge)!.points;
      expect(moved[0]).toEqual(scene.graph.source(edge) === box ? [first[0] + 100, first[1] + 30] : first);
      expect(moved.at(-1)).toEqual(scene.graph.target(edge) === box ? [last[0] + 100, last[1] + 30] : last);
    }
  });

  it('moves a loop whole', () => {
    const scene = sceneOf(toCircuitData(sampleDirectCircuit(), 'as-stated'), { scope: 'circuit', layout: 'figure' });
    const loop = scene.graph.filterEdges((_, __, source, target) => source === target)[0]!;
    const { routes } = dragNode(scene, scene.graph.source(loop), 3, 4);
    const { points } = scene.routes.get(loop)!;
    expect(routes.get(loop)!.points).toEqual(points.map(([x, y]) => [x + 3, y + 4]));
  });
});
