import { describe, expect, it } from 'vitest';
import { toCircuitData, type EdgeRecord } from '../../../../viewer/data/circuit-data.js';
import { pick } from '../../../../viewer/scene/pick/pick.js';
import { select } from '../../../../viewer/view/selection.js';
import { sampleDirectCircuit, sampleSharedCircuit } from '../../../support/sample-circuit.js';
import { expectApart, legendTexts, randomData, sceneOf } from '../../../support/viewer-scene.js';
import { sampleData, view } from '../../../support/viewer.js';

const data = randomData(4, 4);
const direct = toCircuitData(sampleDirectCircuit(), 'as-stated');

describe('display graph', () => {
  it('has ports that a shown edge uses, and only those', () => {
    const { graph } = sceneOf(data, { limit: 30 });
    const ports = graph.filterNodes((_, node) => node.kind === 'port');
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) {
      expect(graph.inDegree(port) + graph.outDegree(port)).toBeGreaterThan(0);
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
      const loop = loops.graph.filterEdges((_, __, source, target) => source === target)[0]!;
      expect(loops.graph.getEdgeAttribute(loop, 'kind')).toBe('direct');
      expect(loops.routes.get(loop)!.points.flat().every(Number.isFinite)).toBe(true);
    }
  });

  it('draws key/value heads that groups share, with links to their heads that are no edges', () => {
    const shared = toCircuitData(sampleSharedCircuit(true), 'as-stated');
    for (const layout of ['grid', 'figure', 'force'] as const) {
      const scene = sceneOf(shared, { scope: 'circuit', layout });
      const { graph } = scene;
      expect(graph.getNodeAttributes('a1.kv1')).toMatchObject({ kind: 'kv', label: '1.kv1', connected: true });
      expect(graph.filterEdges((_, { kind }) => kind === 'shared')).toEqual(['a1.kv1->a1.h3']);
      expect(graph.getEdgeAttributes('a1.kv1->a1.h3').edges).toEqual([]);
      const [kv, head] = ['a1.kv1', 'a1.h3'].map((id) => graph.getNodeAttributes(id));
      if (layout !== 'force') expect(kv!.y).toBeLessThan(head!.y);
      const middle = [(kv!.x + head!.x) / 2, (kv!.y + head!.y) / 2] as const;
      const under = pick(scene, ...middle, 1e-3);
      expect(under && 'edge' in under ? under.edge : null).not.toBe('a1.kv1->a1.h3');
      if (layout === 'grid') expectApart(sceneOf(shared, { scope: 'all', limit: 1000 }));
    }
    const { graph } = sceneOf(shared, { scope: 'circuit' });
    expect(graph.filterNodes((_, { parent }) => parent === 'a1.kv1').toSorted()).toEqual(['a1.kv1<k>', 'a1.kv1<v>']);
    const groups = [{ name: 'pair', members: ['a1.kv1', 'a1.h3'] }];
    const merged = sceneOf(shared, { scope: 'circuit', groups }).graph;
    expect(merged.filterEdges((_, { kind }) => kind === 'shared').length > 0).toBe(false);
    const legend = legendTexts(sceneOf(shared, { scope: 'circuit' }));
    expect(legend).toContain('key/value head (layer.kv)');
    expect(legend).toContain('keys and values to the heads that share them');
    expect(legend).not.toContain('not measured');
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
      expect(
        graph.filterEdges((_, __, source, target) => source === 'group:movers' && target === source).length > 0,
      ).toBe(false);
    }
    const { edges } = select(data, view({ limitBy: 'top', scope: 'all', limit: 200 }));
    const { graph } = sceneOf(data, { groups, limit: 200 });
    const outside = (edge: EdgeRecord) => !(members.includes(edge.source) && members.includes(edge.target));
    const total = edges.filter(outside).reduce((sum, edge) => sum + edge.effect!, 0);
    expect(graph.mapEdges((_, edge) => edge.effect!).reduce((sum, effect) => sum + effect, 0)).toBeCloseTo(total, 9);
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
