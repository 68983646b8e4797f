import { describe, expect, it } from 'vitest';
import { flatten } from '../../../../../viewer/scene/layout/routes.js';
import { nearestRoute } from '../../../../../viewer/scene/pick/hit-test.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

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
