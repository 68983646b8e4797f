import { describe, expect, test } from 'vitest';
import { portGroups, writerGroups } from '../../../src/block/groups.js';
import { Topology } from '../../../src/circuit/topology.js';

describe.each([false, true])('parallel: %s', (parallel) => {
  const topology = new Topology({ layers: 3, heads: 4, parallel });
  const writers = writerGroups(topology);
  const ports = portGroups(topology);

  test('every writer and every port is in one group, in order', () => {
    const of = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
    expect(writers.flatMap((group) => of(group.firstWriter, group.writers))).toEqual([...topology.writers.keys()]);
    expect(ports.flatMap((group) => of(group.firstPort, group.ports))).toEqual([...topology.ports.keys()]);
    expect(writers.map(({ index }) => index)).toEqual([...writers.keys()]);
    expect(ports.map(({ index }) => index)).toEqual([...ports.keys()]);
  });

  test('ports read the stream after the writers that they can read', () => {
    for (const { reads, firstPort, ports: count } of ports) {
      const { firstWriter, writers: own } = writers[reads]!;
      for (let port = firstPort; port < firstPort + count; port++) expect(topology.fanIn(port)).toBe(firstWriter + own);
    }
  });

  test('ports feed the group of their nodes, and read the biases of the attention layers before', () => {
    for (const { kind, layer, feeds, biases } of ports) {
      if (kind === 'logits') expect([layer, feeds, biases]).toEqual([3, undefined, 3]);
      else expect(writers[feeds!]).toMatchObject({ kind, layer });
      if (kind === 'heads') expect(biases).toBe(layer);
      if (kind === 'mlp') expect(biases).toBe(parallel ? layer : layer + 1);
    }
  });
});
