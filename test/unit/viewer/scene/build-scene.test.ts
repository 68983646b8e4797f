import { describe, expect, it } from 'vitest';

import type { EdgeRecord } from '../../../../viewer/data/circuit-data.js';
import type { Scene } from '../../../../viewer/scene/scene.js';
import { select } from '../../../../viewer/view/selection.js';
import { sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { sampleData, view } from '../../../support/viewer.js';
import { randomData, sceneOf } from '../../../support/viewer-scene.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';

const SHAPES = [
  [12, 12],
  [26, 18],
  [4, 8],
  [1, 1],
  [2, 40],
] as const;
const data = randomData(4, 4);
const direct = toCircuitData(sampleDirectCircuit(), 'as-stated');

/** All of a scene as plain data. */
function plain({ graph, routes, ...rest }: Scene) {
  return { ...rest, graph: graph.export(), routes: [...routes] };
}

function expectApart({ graph }: Scene): void {
  const nodes = graph.mapNodes((id, node) => ({ id, ...node }));
  let least = Infinity;
  nodes.forEach((a, i) => {
    for (const b of nodes.slice(i + 1)) least = Math.min(least, Math.hypot(a.x - b.x, a.y - b.y) - a.size - b.size);
  });
  expect(least).toBeGreaterThan(0);
}

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
    const head = still.findNode((_, node) => node.kind === 'port')!.split('<')[0]!;
    const { graph, bounds } = sceneOf(data, { positions: { grid: { [head]: [50, 3], gone: [1, 1], m0: [NaN, 0] } } });
    expect(graph.getNodeAttributes(head)).toMatchObject({ x: 50, y: 3 });
    expect(bounds.right).toBeGreaterThan(50);
    const port = graph.findNode((_, node) => node.parent === head)!;
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

describe('display graph', () => {
  it('has ports that a shown edge uses, and only those', () => {
    const { graph } = sceneOf(data, { limit: 30 });
    const ports = graph.filterNodes((_, node) => node.kind === 'port');
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) {
      expect(graph.degree(port)).toBeGreaterThan(0);
      expect(port).toBe(`${graph.getNodeAttribute(port, 'parent')}<${graph.getNodeAttribute(port, 'port')}>`);
    }
    expect(sceneOf(data, { limit: 30, mergePorts: true }).graph.filterNodes((_, n) => n.kind === 'port')).toEqual([]);
    expect(sceneOf(data, { limit: 30, layout: 'figure' }).graph.filterNodes((_, n) => n.kind === 'port')).toEqual([]);
  });

  it('draws direct edges from the port, or as loops', () => {
    const id = 'a1.h0<q>->a1.h0';
    const { graph, routes } = sceneOf(direct, { scope: 'circuit' });
    expect(graph.extremities(id)).toEqual(['a1.h0<q>', 'a1.h0']);
    expect(routes.size).toBe(0);
    for (const changes of [{ mergePorts: true }, { layout: 'figure' }, { layout: 'force' }] as const) {
      const loops = sceneOf(direct, { scope: 'circuit', ...changes });
      const loop = loops.graph.findEdge((_, __, source, target) => source === target)!;
      expect(loops.graph.getEdgeAttribute(loop, 'kind')).toBe('direct');
      expect(loops.routes.get(loop)!.points.flat().every(Number.isFinite)).toBe(true);
    }
  });

  it('merges the ports of an edge: effects are summed, names kept', () => {
    const { graph } = sceneOf(sampleData(), { mergePorts: true, scope: 'circuit' });
    const id = 'a0.h1->a1.h0<v>';
    expect(graph.getEdgeAttributes(id)).toMatchObject({
      edges: [id, 'a0.h1->a1.h0<q>', 'a0.h1->a1.h0<k>'],
      port: 'several',
      effect: -0.625,
    });
    expect(graph.getEdgeAttributes('input->a0.h1<v>')).toMatchObject({ port: 'v', effect: 0.3 });
  });

  it('draws groups as one node: inner edges dropped, the others summed by port', () => {
    const members = ['a1.h0', 'a1.h1', 'a2.h2'];
    const groups = [{ name: 'movers', members: [...members, 'input', 'a99.h0', '__proto__'] }];
    for (const layout of ['grid', 'figure'] as const) {
      const { graph } = sceneOf(data, { groups, layout, limit: 200 });
      expect(graph.getNodeAttributes('group:movers')).toMatchObject({ kind: 'group', label: 'movers', members });
      for (const member of members) expect(graph.hasNode(member)).toBe(false);
      expect(graph.someEdge((_, __, source, target) => source === 'group:movers' && target === source)).toBe(false);
    }
    const { edges } = select(data, view({ scope: 'all', limit: 200 }));
    const { graph } = sceneOf(data, { groups, limit: 200 });
    const outside = (edge: EdgeRecord) => !(members.includes(edge.source) && members.includes(edge.target));
    const total = edges.filter(outside).reduce((sum, edge) => sum + edge.effect!, 0);
    expect(graph.reduceEdges((sum, _, edge) => sum + edge.effect!, 0)).toBeCloseTo(total, 9);
    expectApart(sceneOf(data, { groups: [{ name: 'a', members: ['a1.h0', 'a1.h2'] }] }));
  });

  it('has strengths from 0 to 1, also of effects near the end of the range', () => {
    const huge = { ...data, edges: data.edges.map((edge) => ({ ...edge, effect: 1e308 })) };
    for (const scene of [sceneOf(data), sceneOf(data, { mergePorts: true }), sceneOf(huge, { mergePorts: true })]) {
      scene.graph.forEachEdge((_, { strength }) => {
        expect(strength).toBeGreaterThanOrEqual(0);
        expect(strength).toBeLessThanOrEqual(1);
      });
      scene.graph.forEachNode((_, { x, y, size }) => expect([x, y, size].every(Number.isFinite)).toBe(true));
    }
  });

  it('hides unconnected nodes where asked to, and never pinned ones', () => {
    const changes = { limit: 5, pinned: ['a0.h0', 'nobody'], hideUnconnected: true };
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const { graph } = sceneOf(data, { ...changes, layout });
      expect(graph.getNodeAttribute('a0.h0', 'pinned')).toBe(true);
      graph.forEachNode((_, node) => expect(node.connected || node.pinned).toBe(true));
    }
    expect(
      sceneOf(data, { ...changes, hideUnconnected: false }).graph.filterNodes((_, n) => n.kind !== 'port'),
    ).toHaveLength(data.nodes.length);
  });

  it('marks what was found, and what has a note', () => {
    const found = { nodes: new Set(['a1.h1']), edges: new Set([data.edges[0]!.id]) };
    const { graph } = sceneOf(data, { notes: { m1: 'look here' } }, { found });
    expect(graph.getNodeAttribute('a1.h1', 'found')).toBe(true);
    expect(graph.getNodeAttribute('m1', 'found')).toBe(false);
    expect(graph.getEdgeAttribute(data.edges[0]!.id, 'found')).toBe(true);
    expect(graph.getNodeAttribute('m1', 'noted')).toBe(true);
    expect(graph.getNodeAttribute('m2', 'noted')).toBe(false);
    expect(sceneOf(data).graph.getNodeAttribute('m1', 'found')).toBeNull();
  });
});

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
