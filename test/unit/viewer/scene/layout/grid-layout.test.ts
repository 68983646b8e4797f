import { describe, expect, it } from 'vitest';
import { expectApart, randomData, sceneOf } from '../../../../support/viewer-scene.js';

const SHAPES = [
  [12, 12],
  [26, 18],
  [4, 8],
  [1, 1],
  [2, 40],
] as const;
const data = randomData(4, 4);

describe('grid', () => {
  it.each(SHAPES)('%d layers of %d heads: nothing overlaps, all is inside', (layers, heads) => {
    for (const parallel of [false, true]) {
      const scene = sceneOf(randomData(layers, heads, parallel), { limit: 150 }, { aspect: 1.7 });
      expectApart(scene);
      const { left, right, bottom, top } = scene.bounds;
      scene.graph.forEachNode((_, { x, y, size }) => {
        expect(x - size).toBeGreaterThan(left);
        expect(x + size).toBeLessThan(right);
        expect(y - size).toBeGreaterThan(bottom);
        expect(y + size).toBeLessThan(top);
      });
      expect(scene.bands).toHaveLength(layers);
      expect(scene.columns).toHaveLength(heads);
    }
  });

  it.each([0.6, 1, 1.7, 3])('has the aspect ratio %d', (aspect) => {
    const { left, right, bottom, top } = sceneOf(randomData(12, 12), {}, { aspect }).bounds;
    expect((right - left) / (top - bottom) / aspect).toBeCloseTo(1, 1);
  });

  it("has a row per layer from input to logits, and MLPs at the right, in their layer's band", () => {
    const { graph, bands } = sceneOf(data);
    const y = (id: string) => graph.getNodeAttribute(id, 'y');
    expect(y('input')).toBeLessThan(y('a0.h0'));
    expect(y('a0.h0')).toBeLessThan(y('m0'));
    expect(y('m0')).toBeLessThan(y('a1.h0'));
    expect(y('m3')).toBeLessThan(y('logits'));
    expect(graph.getNodeAttribute('m2', 'x')).toBeGreaterThan(graph.getNodeAttribute('a2.h3', 'x'));
    for (const id of ['m2', 'a2.h0']) {
      expect(y(id)).toBeGreaterThan(bands[2]!.bottom);
      expect(y(id)).toBeLessThan(bands[2]!.top);
    }
    const parallel = sceneOf(randomData(4, 4, true)).graph;
    expect(parallel.getNodeAttribute('m2', 'y')).toBe(parallel.getNodeAttribute('a2.h0', 'y'));
  });

  it('keeps dragged nodes, with their ports, where they were put', () => {
    const still = sceneOf(data).graph;
    const head = still.filterNodes((_, node) => node.kind === 'port')[0]!.split('<')[0]!;
    const { graph, bounds } = sceneOf(data, { positions: { grid: { [head]: [50, 3], gone: [1, 1], m0: [NaN, 0] } } });
    expect(graph.getNodeAttributes(head)).toMatchObject({ x: 50, y: 3 });
    expect(bounds.right).toBeGreaterThan(50);
    const port = graph.filterNodes((_, node) => node.parent === head)[0]!;
    expect(Math.abs(graph.getNodeAttribute(port, 'x') - 50)).toBeLessThan(1);
    expect(graph.getNodeAttribute('m0', 'x')).toBe(still.getNodeAttribute('m0', 'x'));
  });

  it('bends edges that would cover each other apart', () => {
    const { graph } = sceneOf(data, { limit: 400 });
    graph.forEachEdge((_, edge, source, target) => {
      if (graph.getNodeAttribute(source, 'parent') !== target) expect(Math.abs(edge.curvature)).toBeGreaterThan(0.01);
    });
  });
});
