import { describe, expect, it, vi } from 'vitest';
import { DisplayGraph } from '../../../../../viewer/scene/display-graph.js';
import { drawLine, hazeOf } from '../../../../../viewer/scene/draw/haze.js';
import { stylesOf } from '../../../../../viewer/scene/style/style.js';
import { randomNumbers } from '../../../../support/random.js';
import { legendContext, randomData, sceneOf } from '../../../../support/viewer-scene.js';

describe('a haze', () => {
  const data = randomData(5, 5);
  const limit = data.edges.length;

  it('looks no edge up by its name, and keeps nothing of a single edge but its ends', () => {
    expect(limit).toBeGreaterThan(1000);
    const byName = vi.spyOn(DisplayGraph.prototype, 'edgeIndex');
    const kept = vi.spyOn(Map.prototype, 'set');
    const added = vi.spyOn(Set.prototype, 'add');
    try {
      const scene = sceneOf(data, { limit });
      expect(scene.graph.size).toBe(limit);
      const before = kept.mock.calls.length;
      hazeOf(scene.graph, stylesOf(scene.graph, legendContext()));
      expect(byName).not.toHaveBeenCalled();
      expect(kept.mock.calls.length - before).toBeLessThan(limit / 4);
      // The nodes, the marks and their places. The selection adds the ends of each edge to a set.
      expect(before).toBeLessThan(20 * scene.graph.order);
      expect(before).toBeLessThan(limit);
      expect(added.mock.calls.length).toBeLessThan(3 * limit);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('draws each edge with the colour that it has alone', () => {
    const { graph } = sceneOf(data, { limit: 600, hue: 'sign' });
    const styles = stylesOf(graph, legendContext());
    const strands = hazeOf(graph, styles);
    graph.edges().forEach((id, index) => {
      expect(styles.edgeAt(index)).toEqual(styles.edge(id));
      const [from, to] = [graph.getSourceAttributes(id), graph.getTargetAttributes(id)];
      const line = [from.x, from.y, to.x, to.y];
      const strand = strands.find(({ lines }) =>
        Array.from({ length: lines.length / 4 }).some((_, i) => line.every((at, k) => lines[4 * i + k] === at)),
      )!;
      expect(strand.color).toBe(styles.edge(id).color);
    });
  });
});

describe('drawLine', () => {
  it('sets one pixel in each step of a thin line, the nearest to it', () => {
    const random = randomNumbers(1);
    const [width, height] = [40, 30];
    const place = () => [Math.floor(random.next() * 120) - 40, Math.floor(random.next() * 90) - 30] as const;
    for (let i = 0; i < 200; i++) {
      const [from, to] = [place(), place()];
      const data = new Uint32Array(width * height);
      drawLine({ data, width, height }, from, to, 1, 5);
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      const flat = Math.abs(dx) > Math.abs(dy);
      const lines = new Set<number>();
      data.forEach((ink, at) => {
        if (ink === 0) return;
        const [x, y] = [at % width, Math.floor(at / width)];
        const t = flat ? (x - from[0]) / dx : dy === 0 ? 0 : (y - from[1]) / dy;
        const off = flat ? y - (from[1] + t * dy) : x - (from[0] + t * dx);
        expect(Math.abs(off)).toBeLessThanOrEqual(1.01);
        lines.add(flat ? x : y);
      });
      expect(data.filter((ink) => ink !== 0).length).toBeLessThanOrEqual(1.2 * lines.size + 2);
    }
  });
});
