import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../src/circuit/edge-set.js';
import { edgesOnPaths, isDead } from '../../src/circuit/reachability.js';
import { Topology } from '../../src/circuit/topology.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });

function circuit(addition: readonly string[], cutDirect: readonly string[] = []): EdgeSet {
  const id = (name: string): number => topology.edgeId(name)!;
  const all = EdgeSet.of(topology, [...EdgeSet.empty(topology), ...addition.map(id)]);
  return cutDirect.reduce((set, name) => set.without(id(name)), all);
}

function onPaths(set: EdgeSet): string[] {
  return [...edgesOnPaths(set)].filter((id) => id < topology.additionEdges).map((id) => topology.edgeName(id));
}

describe('edgesOnPaths', () => {
  it('keeps all edges of the whole model', () => {
    expect(edgesOnPaths(EdgeSet.full(topology)).equals(EdgeSet.full(topology))).toBe(true);
  });

  it('drops what input does not reach and what does not lead to logits', () => {
    const path = ['input->a0.h1<v>', 'a0.h1->a1.h0<k>', 'a1.h0->m1', 'm1->logits'];
    const dangling = ['m0->a1.h0<q>', 'a0.h0->logits', 'input->a1.h1<q>', 'a0.h1->m0'];
    const kept = circuit([...path, ...dangling].filter((name) => name !== 'a0.h1->m0'));
    expect(onPaths(kept).toSorted()).toEqual(path.toSorted());
    expect(onPaths(circuit([...path, ...dangling])).toSorted()).toEqual(
      [...path, 'a0.h1->m0', 'm0->a1.h0<q>'].toSorted(),
    );
  });

  it('takes no path through a port whose direct edge is cut, and lists the direct edges that it uses', () => {
    const edges = ['input->a0.h0<q>', 'a0.h0->logits'];
    expect(onPaths(circuit(edges, ['a0.h0<q>->a0.h0']))).toEqual([]);
    const direct = [...edgesOnPaths(circuit(edges))].filter((id) => id >= topology.additionEdges);
    expect(direct.map((id) => topology.edgeName(id))).toEqual(['a0.h0<q>->a0.h0']);
  });

  it('finds the edge from input to logits', () => {
    expect(onPaths(circuit(['input->logits']))).toEqual(['input->logits']);
    expect(onPaths(circuit([]))).toEqual([]);
  });
});

describe('isDead', () => {
  const kept = circuit(['a0.h1->a1.h0<k>', 'm1->logits']);
  it.each([
    [topology.headPort(0, 'q', 1), false],
    [topology.headPort(0, 'v', 0), true],
    [topology.headPort(1, 'k', 0), true],
    [topology.mlpPort(0), true],
    [topology.mlpPort(1), false],
    [topology.logitsPort, false],
  ])('port %s: %s', (port, dead) => {
    expect(isDead(kept, port)).toBe(dead);
  });
});
