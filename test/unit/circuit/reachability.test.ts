import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { REACH, isDead, nodesInUse } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });

function circuit(addition: readonly string[], cutDirect: readonly string[] = []): EdgeSet {
  const id = (name: string): number => topology.edgeId(name)!;
  const all = EdgeSet.of(topology, [...EdgeSet.empty(topology), ...addition.map(id)]);
  return cutDirect.reduce((set, name) => set.without(id(name)), all);
}

function inUse(set: EdgeSet): { writers: string[]; ports: string[] } {
  const { writers, ports } = nodesInUse(set);
  return {
    writers: writers.flatMap((used, writer) => (used ? [topology.writerName(writer)] : [])),
    ports: ports.flatMap((used, port) => (used ? [topology.portName(port)] : [])),
  };
}

describe('nodesInUse', () => {
  it('is every node of the whole model, and the logits alone of the empty circuit', () => {
    const whole = nodesInUse(EdgeSet.full(topology));
    expect([...whole.writers, ...whole.ports].every(Boolean)).toBe(true);
    expect(inUse(EdgeSet.empty(topology))).toEqual({ writers: [], ports: ['logits'] });
  });

  it('goes back from the logits, through the MLP of a layer to its heads, and leaves dangling nodes out', () => {
    const kept = circuit(['m0->a1.h0<q>', 'a1.h0->m1', 'm1->logits', 'a0.h0->a1.h1<k>', 'input->a0.h1<v>']);
    expect(inUse(kept)).toEqual({
      writers: ['m0', 'a1.h0', 'm1'],
      ports: ['m0', 'a1.h0<q>', 'a1.h0<k>', 'a1.h0<v>', 'm1', 'logits'],
    });
  });

  it('takes nothing that a port with a cut direct edge reads', () => {
    const kept = circuit(['input->a0.h0<q>', 'm0->a1.h0<v>', 'a1.h0->logits'], ['a1.h0<v>->a1.h0']);
    expect(inUse(kept)).toEqual({ writers: ['a1.h0'], ports: ['a1.h0<q>', 'a1.h0<k>', 'logits'] });
  });
});

describe('where nodes are in use', () => {
  const reaches = (set: EdgeSet): Record<string, number> => {
    const { writers, ports } = nodesInUse(set);
    return Object.fromEntries([
      ...writers.map((reach, writer) => [topology.writerName(writer), reach] as const),
      ...ports.map((reach, port) => [`into ${topology.portName(port)}`, reach] as const),
    ]);
  };
  const { none, metric, differing } = REACH;

  it('is the metric position, but for what keys and values lead back to', () => {
    const kept = circuit([
      'input->a0.h1<q>',
      'm0->a1.h0<k>',
      'a0.h1->a1.h0<q>',
      'a1.h0->m1',
      'm1->logits',
      'a0.h0->m0',
    ]);
    expect(reaches(kept)).toMatchObject({
      'into logits': metric,
      m1: metric,
      'into m1': metric,
      'a1.h0': metric,
      'into a1.h0<q>': metric,
      'into a1.h0<k>': differing,
      'into a1.h0<v>': differing,
      m0: differing,
      'into m0': differing,
      'a0.h0': differing,
      'into a0.h0<q>': differing,
      'a0.h1': metric,
      'into a0.h1<q>': metric,
      'into a0.h1<v>': differing,
      input: metric,
      'a1.h1': none,
      'into a1.h1<q>': none,
    });
  });

  it('is everywhere for a writer that one reader needs everywhere', () => {
    const kept = circuit(['m0->logits', 'm0->a1.h0<v>', 'a1.h0->logits']);
    expect(reaches(kept)).toMatchObject({ m0: differing, 'into m0': differing, 'a1.h0': metric });
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

describe('a port that several heads read', () => {
  const grouped = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
  const id = (name: string): number => grouped.edgeId(name)!;
  const port = (name: string): number => grouped.ports.findIndex((_, index) => grouped.portName(index) === name);
  const kept = EdgeSet.of(grouped, [
    ...EdgeSet.empty(grouped),
    ...['input->a0.kv0<k>', 'a0.h1->a1.kv1<v>', 'a1.h3->logits', 'a0.h2->logits'].map(id),
  ]);

  it('is in use wherever one of them is, and furthest of them', () => {
    const use = nodesInUse(kept);
    const used = use.ports.flatMap((reach, index) => (reach ? [`${grouped.portName(index)} ${reach}`] : []));
    expect(used).toEqual([
      `a0.h1<q> ${REACH.differing}`,
      `a0.h2<q> ${REACH.metric}`,
      `a0.kv0<k> ${REACH.differing}`,
      `a0.kv1<k> ${REACH.differing}`,
      `a0.kv0<v> ${REACH.differing}`,
      `a0.kv1<v> ${REACH.differing}`,
      `a1.h3<q> ${REACH.metric}`,
      `a1.kv1<k> ${REACH.differing}`,
      `a1.kv1<v> ${REACH.differing}`,
      `logits ${REACH.metric}`,
    ]);
    expect(nodesInUse(kept.without(id('a1.kv1<v>->a1.kv1'))).writers[grouped.headWriter(0, 1)]).toBe(REACH.none);
  });

  it('is dead once nothing reads any of them', () => {
    expect(isDead(kept, port('a1.kv1<k>'))).toBe(false);
    expect(isDead(kept, port('a1.h2<q>'))).toBe(true);
    expect(isDead(kept, port('a1.kv0<k>'))).toBe(true);
    expect(isDead(kept.without(id('a1.h3->logits')), port('a1.kv1<k>'))).toBe(true);
  });
});
