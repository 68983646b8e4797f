import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { toCircuitData } from '../../../../../viewer/data/circuit-data.js';
import { FIGURE_EDGES } from '../../../../../viewer/scene/layout/figure-layout.js';
import { flatten, type Point } from '../../../../../viewer/scene/layout/routes.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { fixture, sharedFixtures } from '../../../../support/fixtures.js';
import { boxesOf, countCrossings, randomData, sceneOf } from '../../../../support/viewer-scene.js';
import { sourceFile, openCircuitDocument } from '../../../../support/viewer.js';

const MIB = 'mib/ioi-eap-ig.json';

function expectClean({ graph, routes, bounds }: Scene): void {
  const boxes = boxesOf(graph);
  const list = [...boxes];
  list.forEach(([a, box], i) => {
    for (const [b, other] of list.slice(i + 1)) {
      const apart = box[0] >= other[2] || other[0] >= box[2] || box[1] >= other[3] || other[1] >= box[3];
      expect(apart, `${a} and ${b}`).toBe(true);
    }
  });
  expect(routes.size).toBe(graph.size);
  for (const [edge, { points, label }] of routes) {
    const ends = graph.extremities(edge);
    expectOnBorder(points[0]!, boxes.get(ends[0])!);
    expectOnBorder(points.at(-1)!, boxes.get(ends[1])!);
    const line = flatten(points, 12);
    for (const [x, y] of line) {
      expect(x >= bounds.left && x <= bounds.right && y >= bounds.bottom && y <= bounds.top).toBe(true);
    }
    for (const [id, [left, bottom, right, top]] of boxes) {
      if (ends.includes(id)) continue;
      const cuts = line.some(([x, y]) => x > left && x < right && y > bottom && y < top);
      expect(cuts, `${edge} through ${id}`).toBe(false);
      if (!label) continue;
      const covers = label[0] > left && label[0] < right && label[1] > bottom && label[1] < top;
      expect(covers, `letter of ${edge} on ${id}`).toBe(false);
    }
    // Other ports have tabs. A loop ends at none.
    expect(label === null).toBe(ends[0] !== ends[1]);
  }
}

function expectOnBorder([x, y]: Point, [left, bottom, right, top]: readonly [number, number, number, number]): void {
  const upright = Math.min(Math.abs(x - left), Math.abs(x - right)) < 1e-6 && y >= bottom && y <= top;
  const level = Math.min(Math.abs(y - bottom), Math.abs(y - top)) < 1e-6 && x >= left && x <= right;
  expect(upright || level).toBe(true);
}

describe('figure', () => {
  it.each([
    [4, 4, 60],
    [12, 12, 100],
    [12, 12, 250],
    [2, 20, 120],
    [1, 1, 5],
  ])('%d layers of %d heads, %d edges: boxes apart, routes between them', (layers, heads, limit) => {
    expectClean(sceneOf(randomData(layers, heads), { layout: 'figure', limit }));
  });

  it('leads every edge upwards', () => {
    const { graph } = sceneOf(randomData(6, 6), { layout: 'figure', limit: 120 });
    graph.forEachEdge((_, __, source, target, from, to) => {
      if (source !== target) expect(to.y).toBeGreaterThan(from.y);
    });
  });

  it('has every node in the band of its layer, and no two bands meet', () => {
    const { graph, bands } = sceneOf(randomData(6, 6), { layout: 'figure', limit: 120 });
    expect(bands.map(({ label }) => label)).toEqual(bands.map(({ layer }) => `L${layer}`));
    graph.forEachNode((_, { layer, y }) => {
      expect(bands.filter(({ bottom, top }) => y > bottom && y < top).map((band) => band.layer)).toEqual(
        layer === null ? [] : [layer],
      );
    });
  });

  it('leads edges into a head to the tab of their port', () => {
    const { graph, routes } = sceneOf(randomData(4, 4), { layout: 'figure', limit: 150 });
    let tabs = 0;
    graph.forEachEdge((edge, { port, kind }, _, __, ___, target) => {
      if (kind !== 'addition' || port === 'out') return;
      const tab = target.tabs.find((one) => one.port === port)!;
      const [x, y] = routes.get(edge)!.points.at(-1)!;
      expect(x).toBeGreaterThanOrEqual(target.x + tab.left);
      expect(x).toBeLessThanOrEqual(target.x + tab.left + tab.width);
      expect(y).toBeCloseTo(target.y - target.box![1] / 2, 9);
      tabs++;
    });
    expect(tabs).toBeGreaterThan(20);
    const merged = sceneOf(randomData(4, 4), { layout: 'figure', limit: 150, mergePorts: true }).graph;
    expect(merged.someNode((_, node) => node.tabs.some(({ port }) => port !== null))).toBe(false);
  });

  it('lays out groups that write to each other', () => {
    const groups = [
      { name: 'a', members: ['a0.h0', 'a2.h1', 'a4.h1'] },
      { name: 'b', members: ['a1.h0', 'a3.h1', 'm4'] },
    ];
    expectClean(sceneOf(randomData(6, 3), { layout: 'figure', limit: 200, groups }));
  });

  it('puts pinned nodes without edges somewhere free', () => {
    expectClean(sceneOf(randomData(4, 4), { layout: 'figure', limit: 6, pinned: ['a0.h1', 'a3.h2', 'm2'] }));
  });

  it('keeps dragged boxes, and leads their edges to them', () => {
    const { graph, routes } = sceneOf(randomData(4, 4), {
      layout: 'figure',
      limit: 250,
      positions: { figure: { logits: [900, -300] } },
    });
    expect(graph.getNodeAttributes('logits')).toMatchObject({ x: 900, y: -300 });
    const box = boxesOf(graph).get('logits')!;
    for (const edge of graph.filterEdges((_, __, ___, target) => target === 'logits'))
      expectOnBorder(routes.get(edge)!.points.at(-1)!, box);
  });

  it('gives way to the grid above its budget, and says so', () => {
    const scene = sceneOf(randomData(12, 12), { layout: 'figure', limit: FIGURE_EDGES + 1 });
    expect(scene.layout).toBe('grid');
    expect(scene.notice).toContain(String(FIGURE_EDGES));
    expect(scene.graph.someNode((_, node) => node.kind === 'port')).toBe(true);
  });

  it.skipIf(!sharedFixtures)(
    'the 100 strongest edges of a real circuit cross no more often than in the picture of dot',
    async () => {
      const file = openCircuitDocument(sourceFile('ioi.json', await readFile(fixture(MIB), 'utf8')));
      const data = toCircuitData(file.circuit, 'negative-helps');
      const strongest = { ...data, edges: data.edges.slice(0, 100) };
      const scene = sceneOf(strongest, { layout: 'figure', limit: 100 });
      expectClean(scene);
      // The layout of the program dot has 167 crossings of the same graph, counted in the same way.
      expect(countCrossings([...scene.routes.values()].map(({ points }) => points))).toBeLessThan(167);
    },
  );
});
