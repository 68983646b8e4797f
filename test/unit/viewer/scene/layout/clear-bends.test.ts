import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCircuitData } from '../../../../../viewer/data/circuit-data.js';
import { curve } from '../../../../../viewer/scene/draw/marks.js';
import { bendEdges } from '../../../../../viewer/scene/layout/curvature.js';
import { gridOf } from '../../../../../viewer/scene/layout/grid-layout.js';
import { flatten } from '../../../../../viewer/scene/layout/routes.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { GRAPHS } from '../../../../support/viewer-files.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';
import { openCircuitDocument, sourceFile } from '../../../../support/viewer.js';

/** How often an edge runs through a connected node or port that is none of its ends, counted on a fine polyline. */
function hits(scene: Scene): number {
  const { graph } = scene;
  let count = 0;
  graph.forEachEdge((id, _, source, target, a, b) => {
    if (scene.routes.has(id)) return;
    const ends = [a.parent ?? source, b.parent ?? target];
    const points = flatten(curve(scene, id), 200);
    graph.forEachNode((node, { x, y, size, parent, connected }) => {
      if (!connected || ends.includes(parent ?? node)) return;
      if (points.some(([px, py]) => Math.hypot(px - x, py - y) < size)) count++;
    });
  });
  return count;
}

/** The grid with the bends that edges have by themselves. */
function plain(scene: Scene, data: Parameters<typeof gridOf>[0]): Scene {
  const graph = scene.graph.copy() as Scene['graph'];
  const { bounds, columns } = gridOf(data, 1.5);
  bendEdges(graph, bounds, columns[1] ? columns[1].x - columns[0]!.x : 1);
  return { ...scene, graph };
}

describe('edges of the grid', () => {
  it.each(['ioi', 'greater-than', 'docstring', 'induction'])(
    '%s: run through fewer marks than by their own bend',
    (task) => {
      const text = readFileSync(join(GRAPHS, `tasks-4l.${task}.acdc.json`), 'utf8');
      const data = toCircuitData(openCircuitDocument(sourceFile('c.json', text)).circuit, 'as-stated');
      const scene = sceneOf(data, { scope: 'circuit', limit: 500 });
      const before = hits(plain(scene, data));
      expect(hits(scene)).toBeLessThan(0.6 * before);
    },
  );

  it('are never worse off, in models of other shapes', () => {
    for (const [layers, heads, parallel] of [
      [1, 1, false],
      [2, 16, true],
      [6, 6, false],
    ] as const) {
      const data = randomData(layers, heads, parallel);
      const scene = sceneOf(data, { limit: 120 });
      expect(hits(scene)).toBeLessThanOrEqual(hits(plain(scene, data)));
    }
  });

  it('keep their own bend where nothing is in the way', () => {
    const data = randomData(3, 4);
    // One edge, and its two ends.
    const scene = sceneOf(data, { limit: 1 });
    const own = plain(scene, data);
    scene.graph.forEachEdge((id, { curvature }) => {
      expect(curvature).toBe(own.graph.getEdgeAttribute(id, 'curvature'));
    });
  });
});
