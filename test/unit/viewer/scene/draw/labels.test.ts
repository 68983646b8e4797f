import { describe, expect, it } from 'vitest';

import { nearestRoute } from '../../../../../viewer/scene/pick/hit-test.js';
import { placeLabels, type LabelBox } from '../../../../../viewer/scene/draw/labels.js';
import { flatten } from '../../../../../viewer/scene/layout/routes.js';
import { walk } from '../../../../../viewer/scene/pick/walk.js';
import { randomNumbers } from '../../../../support/random.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

describe('placeLabels', () => {
  const box = (left: number, top: number, priority = 0): LabelBox => ({ left, top, width: 30, height: 10, priority });

  it('shows the more important of two that collide', () => {
    expect(placeLabels([box(0, 0, 1), box(20, 5, 2), box(100, 0)])).toEqual([false, true, true]);
    expect(placeLabels([box(0, 0), box(10, 0)])).toEqual([true, false]);
    expect(placeLabels([box(0, 0), box(30, 0)])).toEqual([true, true]);
    expect(placeLabels([])).toEqual([]);
  });

  it('leaves no two that collide, and drops none without need', () => {
    const random = randomNumbers(3);
    const boxes = Array.from({ length: 400 }, () =>
      box(random.below(900) - 100, random.below(600) - 100, random.below(50)),
    );
    const shown = placeLabels(boxes);
    const collide = (a: LabelBox, b: LabelBox) => Math.abs(a.left - b.left) < 30 && Math.abs(a.top - b.top) < 10;
    const kept = boxes.filter((_, i) => shown[i]);
    kept.forEach((a, i) => {
      for (const b of kept.slice(i + 1)) expect(collide(a, b)).toBe(false);
    });
    boxes.forEach((a, i) => {
      if (!shown[i]) expect(kept.some((b) => collide(a, b) && b.priority >= a.priority)).toBe(true);
    });
  });
});

describe('walk', () => {
  const { graph } = sceneOf(data, { limit: 250 });
  const connected = graph.filterNodes((_, node) => node.connected && node.kind !== 'port');

  it('goes along the row', () => {
    const row = connected.filter((id) => graph.getNodeAttribute(id, 'layer') === 1);
    row.sort((a, b) => graph.getNodeAttribute(a, 'x') - graph.getNodeAttribute(b, 'x'));
    expect(row.length).toBeGreaterThan(2);
    for (const [i, id] of row.entries()) {
      expect(walk(graph, id, 'right')).toBe(row[i + 1] ?? null);
      expect(walk(graph, id, 'left')).toBe(row[i - 1] ?? null);
    }
  });

  it('goes from the input up to the logits and back', () => {
    for (const changes of [{}, { layout: 'figure' }, { layout: 'force' }] as const) {
      const shown = sceneOf(data, { limit: 250, ...changes }).graph;
      const path = ['input'];
      for (let at = walk(shown, 'input', 'up'); at !== null; at = walk(shown, at, 'up')) path.push(at);
      expect(path.at(-1)).toBe('logits');
      expect(path.length).toBeGreaterThan(4);
      let down: string | null = 'logits';
      for (let next: string | null = down; next !== null; next = walk(shown, next, 'down')) down = next;
      expect(down).toBe('input');
    }
  });

  it('starts from the head of a port, and nowhere from nothing', () => {
    const port = graph.findNode((_, node) => node.kind === 'port')!;
    expect(walk(graph, port, 'up')).toBe(walk(graph, graph.getNodeAttribute(port, 'parent')!, 'up'));
    expect(walk(graph, 'gone', 'up')).toBeNull();
  });
});

describe('nearestRoute', () => {
  const { routes } = sceneOf(data, { layout: 'figure', limit: 40 });

  it('finds the route under the pointer, and none far from all', () => {
    for (const [edge, { points }] of routes) {
      const [x, y] = flatten(points, 12)[5]!;
      const hit = nearestRoute(routes, x, y, 3);
      expect(hit).not.toBeNull();
      if (hit !== edge)
        expect(flatten(routes.get(hit!)!.points, 12).some((p) => Math.hypot(p[0] - x, p[1] - y) < 40)).toBe(true);
    }
    expect(nearestRoute(routes, 1e6, 0, 5)).toBeNull();
    expect(nearestRoute(new Map(), 0, 0, 5)).toBeNull();
  });
});
