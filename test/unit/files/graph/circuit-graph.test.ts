import { MultiDirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { toGraph } from '../../../../src/files/graph/circuit-graph.js';
import { Topology } from '../../../../src/circuit/topology.js';
import {
  SAMPLE_KEPT,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
  sampleSharedCircuit,
} from '../../../support/sample-circuit.js';

describe('toGraph', () => {
  const graph = toGraph(sampleCircuit());

  it('holds the kept edges and the nodes that they touch', () => {
    expect(graph.edges().toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(graph.nodes()).toEqual(['input', 'a0.h1', 'm0', 'a1.h0', 'm1', 'logits']);
    expect([graph.type, graph.multi]).toEqual(['directed', true]);
  });

  it('keeps the edges into q, k and v of one head apart', () => {
    const ports = graph.mapEdges('a0.h1', 'a1.h0', (_, edge) => edge.port);
    expect(ports.toSorted()).toEqual(['k', 'q', 'v']);
  });

  it('says of an edge what was found', () => {
    expect(graph.getEdgeAttributes('a0.h1->a1.h0<v>')).toEqual({
      port: 'v',
      kind: 'addition',
      inCircuitEffect: null,
      confidence: null,
      confidenceLow: null,
      confidenceHigh: null,
      effect: -0.75,
      step: 5,
      rank: 1,
      inCircuit: true,
    });
    expect(graph.getEdgeAttribute('m1->logits', 'port')).toBe('out');
    expect(graph.getEdgeAttribute('m1->logits', 'rank')).toBe(2);
  });

  it('sums the kept effects that leave a node, and those that enter the logits', () => {
    expect(graph.getNodeAttribute('a0.h1', 'effect')).toBe(-0.625);
    expect(graph.getNodeAttribute('m1', 'effect')).toBe(0.5);
    expect(graph.getNodeAttribute('logits', 'effect')).toBe(0.5625);
    expect(graph.getNodeAttributes('a1.h0')).toMatchObject({ kind: 'head', layer: 1, head: 0, inCircuit: true });
    expect(graph.getNodeAttributes('input')).toMatchObject({ kind: 'input', layer: null, head: null, inCircuit: true });
  });

  it('links key/value heads to the heads that share them, and takes the links for no edges', () => {
    const shared = toGraph(sampleSharedCircuit(true));
    expect(shared.nodes()).toEqual(['input', 'a0.h0', 'm0', 'a1.kv1', 'a1.h3', 'm1', 'logits']);
    expect(shared.getNodeAttributes('a1.kv1')).toMatchObject({ kind: 'kv', layer: 1, head: null, kvGroup: 1 });
    expect(shared.getNodeAttribute('a1.kv1', 'effect')).toBe(-0.625);
    expect(shared.getNodeAttribute('a1.h3', 'kvGroup')).toBe(1);
    expect(shared.extremities('a1.kv1<k>->a1.kv1')).toEqual(['a1.kv1', 'a1.kv1']);
    expect(shared.filterEdges((_, { kind }) => kind === 'shared')).toEqual(['a1.kv1->a1.h3']);
    expect(shared.extremities('a1.kv1->a1.h3')).toEqual(['a1.kv1', 'a1.h3']);
    const whole = toGraph(sampleSharedCircuit(), { allEdges: true });
    expect(whole.filterEdges((_, { kind }) => kind === 'shared')).toHaveLength(8);
    expect(whole.size).toBe(8 + sampleSharedCircuit().topology.additionEdges);
    expect(graph.someEdge((_, { kind }) => kind === 'shared')).toBe(false);
  });

  it('has every node and edge on request', () => {
    const all = toGraph(sampleCircuit(), { allEdges: true });
    expect(all.order).toBe(1 + 2 * 3 + 1);
    expect(all.size).toBe(sampleCircuit().topology.additionEdges);
    expect(all.getEdgeAttributes('input->m0')).toMatchObject({
      effect: null,
      step: null,
      rank: null,
      inCircuit: false,
    });
    expect(all.getEdgeAttributes('input->logits')).toMatchObject({ effect: -1e-7, step: 7, rank: 7, inCircuit: false });
    expect(all.getNodeAttribute('a0.h0', 'inCircuit')).toBe(false);
  });

  it('has direct edges as loops where they were decided on', () => {
    const direct = toGraph(sampleDirectCircuit());
    expect(direct.selfLoopCount).toBe(3);
    expect(direct.getEdgeAttributes('a1.h0<q>->a1.h0')).toMatchObject({
      kind: 'direct',
      port: 'q',
      effect: 0.2,
      step: 9,
    });
    expect(direct.source('a1.h0<q>->a1.h0')).toBe('a1.h0');
    expect(graph.selfLoopCount).toBe(0);
  });

  it('carries the provenance and the size', () => {
    expect(graph.getAttributes()).toEqual({
      layers: 2,
      heads: 2,
      parallel: false,
      width: 16,
      keptEdges: 7,
      candidateEdges: sampleCircuit().topology.additionEdges,
      provenance: sampleProvenance(),
    });
  });

  it.each([false, true])('lays the layers out from input up to logits (parallel: %s)', (parallel) => {
    const topology = new Topology({ layers: 3, heads: 4, parallel });
    const kept = EdgeSet.full(topology);
    const none = { effects: new Float64Array(topology.edgeCount), steps: new Int32Array(topology.edgeCount) };
    const whole = toGraph(sampleCircuit({ topology, kept, ...none, untestedRemovals: [] }));
    const at = (name: string): { x: number; y: number } => whole.getNodeAttributes(name);
    const places = new Set(whole.mapNodes((_, { x, y }) => `${x},${y}`));
    expect(places.size).toBe(whole.order);
    whole.forEachEdge((name, edge, source, target) => {
      expect(at(target).y > at(source).y, name).toBe(edge.kind === 'addition');
    });
    expect(at('a1.h2').y).toBe(at('a1.h0').y);
    expect(at('a2.h2').x).toBe(at('a0.h2').x);
    expect(at('m1').x).toBeGreaterThan(at('a1.h3').x);
  });
});

describe('graphology', () => {
  it('takes the graph back from its own JSON', () => {
    const graph = toGraph(sampleDirectCircuit(), { allEdges: true });
    const copy = MultiDirectedGraph.from(JSON.parse(JSON.stringify(graph)));
    expect(copy.export()).toEqual(graph.export());
  });
});
